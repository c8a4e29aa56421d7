import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';
import { ProjectForm } from '../components/ProjectForm';
import { RunPipelineForm } from '../components/RunPipelineForm';
import type { IProjectDraft } from '../pipelines';
import { trans } from './samples';

const write = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

test('a run: which pipeline, whether everything, with which values', () => {
  const onChange = jest.fn();
  const given = { choice: 0, force: false, parameters: '' };
  render(<RunPipelineForm choices={['churn', 'fraud']} {...{ given, onChange, trans }} refusal={null} />);
  write('Pipeline', '1');
  fireEvent.click(screen.getByLabelText('Run also what is up to date'));
  write(/^Parameters/, 'max_depth');
  expect(screen.getByText('“max_depth” is no line NAME = VALUE')).toBeTruthy();
  write(/^Parameters/, 'max_depth = 6');
  expect(onChange).toHaveBeenLastCalledWith({ choice: 1, force: true, parameters: 'max_depth = 6' });
});

test('what the server refused stands above the form; one pipeline is not asked for', () => {
  const refusal = { status: 422, message: 'There is no parameter dept.', hint: 'Did you mean depth?' };
  const given = { choice: 0, force: true, parameters: 'dept = 6' };
  render(<RunPipelineForm choices={['churn']} onChange={jest.fn()} {...{ given, refusal, trans }} />);
  expect(screen.getByRole('alert').textContent).toContain('There is no parameter dept. Did you mean depth?');
  expect(screen.queryByLabelText('Pipeline')).toBeNull();
  expect((screen.getByLabelText(/^Parameters/) as HTMLTextAreaElement).value).toBe('dept = 6');
});

test('a project: a name is enough; data need a column', () => {
  const onChange = jest.fn();
  const given: IProjectDraft = { name: '', template: 'tabular', data: '', target: '', ci: 'none' };
  render(<ProjectForm templates={['tabular']} refusal={null} {...{ given, onChange, trans }} />);
  expect(screen.queryByLabelText('Column to predict')).toBeNull();
  write('Name', 'churn');
  write(/^Data/, 'people.csv');
  write('Column to predict', 'left');
  write('File for CI', 'github');
  expect(onChange).toHaveBeenLastCalledWith({
    name: 'churn',
    template: 'tabular',
    data: 'people.csv',
    target: 'left',
    ci: 'github'
  });
});
