# %% [markdown]
# # 6 · From Athena
#
# The lake in S3 is tables of the Glue catalog: anything that speaks to Athena can ask it. Here by the door,
# `aurastream.connect`, and by awswrangler alone, where AuraStream is not installed; both bind parameters, make no
# table (CTAS), and stay within the lake's workgroup. Of a lake on this machine DuckDB answers the same questions, and
# the second way is left out.
#
# In a Glue interactive session, where this was not tried yet, the first cell brings AuraStream (`make glue` makes the
# zip, docs/glue.md) and what the charts need; the session's role needs the permissions of who asks (docs/athena.md).
#
# ```
# %glue_version 5.1
# %idle_timeout 15
# %number_of_workers 2
# %additional_python_modules s3://BUCKET/aurastream-glue-5.1.gluewheels.zip,awswrangler,matplotlib
# ```

# %% tags=["parameters"]
import os

LAKE = os.environ.get("AURASTREAM_LAKE", "lake")  # a folder, or s3://bucket/lake

# %%
import tomllib

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

import aurastream

plt.style.use("aurastream.charts")
pd.set_option("display.width", 120, "display.max_columns", 20, "display.max_colwidth", 60, "display.precision", 3)
lake = aurastream.connect(LAKE)

# %% [markdown]
# ## By the door
#
# The share of NEGATIVE of the source and language that has most documents, night by night.

# %% alt="Line with 95% bounds: share of NEGATIVE of the largest source and language, night by night"
largest = lake.sql("""
    SELECT source, language FROM daily_sentiment WHERE source IS NOT NULL AND language IS NOT NULL
    GROUP BY source, language ORDER BY sum(scored) DESC, source, language LIMIT 1
""").iloc[0]
question = """
    SELECT ds, scored, share_negative, share_negative_low, share_negative_high FROM daily_sentiment
    WHERE source = ? AND language = ? AND scored > 0 ORDER BY ds
"""
nights = lake.sql(question, [largest["source"], largest["language"]])
display(nights.tail(7))

figure, axes = plt.subplots()
axes.fill_between(
    nights["ds"],
    100 * nights["share_negative_low"],
    100 * nights["share_negative_high"],
    color="#BDD7EE",
    label="95% bounds",
)
axes.plot(nights["ds"], 100 * nights["share_negative"], label="NEGATIVE")
axes.set(
    title=f"{largest['source']}, {largest['language']}: share of NEGATIVE",
    xlabel="date of the drop",
    ylabel="% of scored documents",
    ylim=(0, 100),
)
axes.legend(loc="upper left")
plt.show()

# %% [markdown]
# ## By awswrangler alone
#
# `lake.toml`, at the lake's root, names database and workgroup.

# %%
if LAKE.startswith("s3://"):
    import awswrangler
    import boto3

    bucket, _, prefix = LAKE.removeprefix("s3://").rstrip("/").partition("/")
    said = boto3.client("s3").get_object(Bucket=bucket, Key=f"{prefix}/lake.toml".lstrip("/"))["Body"].read()
    config = tomllib.loads(said.decode())
    asked = awswrangler.athena.read_sql_query(
        question,
        database=config["database"],
        workgroup=config["workgroup"],
        ctas_approach=False,
        params=["'" + each.replace("'", "''") + "'" for each in (largest["source"], largest["language"])],
        paramstyle="qmark",
    )
    display(asked.tail(7))

# %% [markdown]
# ## In words

# %%
last = nights.iloc[-1]
engine = "Athena" if LAKE.startswith("s3://") else "DuckDB"
conclusion = [
    f"{engine} answered: {len(nights):,} nights of {largest['source']} in {largest['language']}.",
    f"On {last['ds']:%Y-%m-%d} {100 * last['share_negative']:.0f}% of {last['scored']:,} documents were NEGATIVE.",
    f"The 95% bounds are {100 * last['share_negative_low']:.0f}% and {100 * last['share_negative_high']:.0f}%.",
]
if LAKE.startswith("s3://"):
    same = (asked["share_negative"].round(9).to_numpy() == nights["share_negative"].round(9).to_numpy()).all()
    scanned = asked.query_metadata["Statistics"]["DataScannedInBytes"]
    conclusion.append(
        f"awswrangler alone answered {'the same' if same else 'something else'}; Athena read {scanned / 1e6:,.1f} MB."
    )
print("\n".join(conclusion))
