"""The content store: whole files under the name of their content."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.errors import NotFoundError, WorkspaceError
from nbops.workspace import blobs, find_workspace


@given(data=st.binary(max_size=5000))
def test_what_goes_in_comes_out(tmp_path_factory, data):
    workspace = find_workspace(tmp_path_factory.getbasetemp() / "store")
    digest = blobs.put_bytes(workspace, data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert blobs.put_bytes(workspace, data) == digest
    assert blobs.read(workspace, digest) == data


def test_one_changed_byte_is_found(tmp_path):
    workspace = find_workspace(tmp_path)
    digest = blobs.put_bytes(workspace, b"a model")
    path = blobs.path_of(workspace, digest)
    path.chmod(0o644)
    path.write_bytes(b"a Model")
    with pytest.raises(WorkspaceError, match="has been changed"):
        blobs.read(workspace, digest)


def test_missing_and_impossible_digests(tmp_path):
    workspace = find_workspace(tmp_path)
    with pytest.raises(NotFoundError, match="content store"):
        blobs.read(workspace, "0" * 64)
    for wrong in ("", "../../etc/passwd", "0" * 63, "Z" * 64, "0" * 64 + "/.."):
        with pytest.raises(NotFoundError, match="not the sha256"):
            blobs.path_of(workspace, wrong)


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    workspace = find_workspace(tmp_path)
    blobs.put_bytes(workspace, b"first")

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        blobs.put_bytes(workspace, b"second")
    digest = hashlib.sha256(b"second").hexdigest()
    assert not blobs.path_of(workspace, digest).exists()
    assert list(blobs.path_of(workspace, digest).parent.iterdir()) == []


@pytest.mark.parametrize("damage", [b"a Model", b"a mod", b""])
def test_a_damaged_file_is_made_good_by_the_same_bytes(tmp_path, damage):
    workspace = find_workspace(tmp_path)
    digest = blobs.put_bytes(workspace, b"a model")
    path = blobs.path_of(workspace, digest)
    path.write_bytes(damage)
    assert blobs.put_bytes(workspace, b"a model") == digest
    assert blobs.read(workspace, digest) == b"a model"


def test_a_whole_file_is_not_written_again(tmp_path):
    workspace = find_workspace(tmp_path)
    path = blobs.path_of(workspace, blobs.put_bytes(workspace, b"a model" * 500_000))
    before = path.stat().st_ino
    blobs.put_bytes(workspace, b"a model" * 500_000)
    assert path.stat().st_ino == before
