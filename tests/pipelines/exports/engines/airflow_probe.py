"""What Airflow makes of a folder of DAGs, as JSON. Run by the Python of Airflow's own environment."""

import json
import sys

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
found = {}
for name, dag in bag.dags.items():
    found[name] = {
        "schedule": dag.schedule,
        "tasks": {
            task.task_id: {
                "name": task.task_display_name,
                "after": sorted(task.upstream_task_ids),
                "command": task.bash_command,
                "retries": task.retries,
                "delay": task.retry_delay.total_seconds(),
                "timeout": task.execution_timeout.total_seconds() if task.execution_timeout else None,
            }
            for task in dag.tasks
        },
    }
print(json.dumps({"errors": bag.import_errors, "dags": found}))
