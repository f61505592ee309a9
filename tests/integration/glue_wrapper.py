"""As Glue starts a script: first the context, of the job argument `--conf`, and then the script, by runpy.

python glue_wrapper.py MASTER CONF SCRIPT [ARGUMENT]...
"""

import runpy
import sys

from pyspark import SparkConf, SparkContext


def main(master: str, said: str, script: str, *arguments: str) -> None:
    conf = SparkConf().setMaster(master).setAppName("wrapper").set("spark.ui.enabled", "false")
    for pair in filter(None, said.split(" --conf ")):
        conf.set(*pair.split("=", 1))
    context = SparkContext(conf=conf)
    sys.argv = [script, "--conf", said, *arguments]
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        context.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
