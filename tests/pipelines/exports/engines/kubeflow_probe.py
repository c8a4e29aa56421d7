"""Compile a pipeline with kfp, load it again and give what it is. Run by the Python of kfp's own environment."""

import json
import runpy
import sys

import yaml
from kfp import compiler, components

source, target = sys.argv[1:]
compiler.Compiler().compile(runpy.run_path(source)["pipeline"], target)
loaded = components.load_component_from_file(target)
with open(target) as file:
    documents = list(yaml.safe_load_all(file))
print(json.dumps({"name": loaded.pipeline_spec.pipeline_info.name, "documents": documents}))
