# %% [markdown]
# # 4 · Quality, drift and cost
#
# What was not scored and why, whether the documents are still of the kind that the scorer met before, and what it
# cost.

# %% tags=["parameters"]
import os

LAKE = os.environ.get("AURASTREAM_LAKE", "lake")  # a folder, or s3://bucket/lake

# %%
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

import aurastream

plt.style.use("aurastream.charts")
pd.set_option("display.width", 120, "display.max_columns", 20, "display.max_colwidth", 60, "display.precision", 3)
lake = aurastream.connect(LAKE)

# %% [markdown]
# ## The runs
#
# How documents ended, what was expected of them and was not met, and the share of labels of which the scorer itself
# is unsure (its score is under 0.5).

# %%
runs = lake.sql("""
    SELECT CAST(started_at AS date) AS started, outcome, documents, scored, rejected, failed, deferred,
        expectations_failed AS unmet, share_low_confidence AS unsure
    FROM run_quality ORDER BY started_at DESC LIMIT 10
""")
display(runs)

# %% [markdown]
# ## What has no score, and why

# %% alt="Bars: documents without a score, by reason and status"
reasons = lake.sql("""
    SELECT status, error_code, count(*) AS documents FROM not_scored
    GROUP BY status, error_code ORDER BY documents, error_code DESC
""")
totals = lake.sql("SELECT sum(documents) AS documents, sum(scored) AS scored FROM daily_sentiment").iloc[0]

figure, axes = plt.subplots(figsize=(8, 0.9 + 0.4 * max(len(reasons), 1)))
axes.barh(
    [f"{each.error_code}, {each.status}" for each in reasons.itertuples()],
    reasons["documents"],
    color="#56B4E9",
    edgecolor="black",
)
axes.set(title="Documents without a score, all nights", xlabel="documents", ylabel="reason, status", xlim=(0, None))
axes.grid(visible=False, axis="y")
plt.show()

# %% [markdown]
# ## Drift
#
# How far last night's labels, languages, lengths, rejects and volume are from those of the 28 nights before: the
# population stability index, by source (`*` is all). The mark is what 999 of 1,000 quiet nights stay under with so
# few documents; right of the mark and of 0.1 it has shifted, right of 0.25, too, it has drifted.

# %% alt="Bars: population stability index by measure and source, with the limits of its verdicts"
drift = lake.sql("""
    SELECT source, measure, verdict, psi, chance, most, share_before, share FROM drift
    WHERE source IS NOT NULL AND psi IS NOT NULL
    ORDER BY CASE WHEN verdict IN ('shifted', 'drifted') THEN 0 ELSE 1 END, psi DESC, source, measure
""")
display(drift.head(12))

upwards = drift.head(12).iloc[::-1].reset_index(drop=True)
colours = upwards["verdict"].astype(str).map({"shifted": "#E69F00", "drifted": "#D55E00"}).fillna("#BDD7EE")
figure, axes = plt.subplots(figsize=(8, 4.2))
axes.barh(upwards.index, upwards["psi"], color=colours, edgecolor="black")
axes.plot(
    upwards["chance"],
    upwards.index,
    "|",
    color="black",
    markersize=14,
    markeredgewidth=2,
    label="999 of 1,000 quiet nights",
)
axes.axvline(0.1, color="black", linestyle=":", label="0.1")
axes.axvline(0.25, color="black", linestyle="--", label="0.25")
axes.set_yticks(upwards.index, [f"{each.measure}, {each.source}: {each.verdict}" for each in upwards.itertuples()])
axes.set(
    title="Last night against the 28 nights before",
    xlabel="population stability index",
    ylabel="measure, source: verdict",
    xlim=(0, None),
)
axes.grid(visible=False, axis="y")
axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.15), ncols=3)
plt.show()

# %% [markdown]
# ## Cost
#
# Where scores came from, night by night, and the dollars that were paid and saved.

# %% alt="Bars by night: documents by the scorer and by cache or copies; dollars paid and saved"
cost = lake.sql("""
    SELECT ds, sum(documents) AS documents, sum(cache_hits) AS cache_hits, sum(units) AS units, sum(dollars) AS dollars,
        sum(saved_by_cache_dollars) AS saved_by_cache, sum(saved_by_copies_dollars) AS saved_by_copies
    FROM cost_by_day GROUP BY ds ORDER BY ds
""")
display(cost.tail(7))

figure, (scored, paid) = plt.subplots(1, 2, figsize=(8, 3.4))
asked = cost["documents"] - cost["cache_hits"]
scored.bar(cost["ds"], asked, color="#0072B2", label="scorer")
scored.bar(
    cost["ds"],
    cost["cache_hits"],
    bottom=asked,
    color="#D9D9D9",
    hatch="//",
    edgecolor="white",
    label="cache or a copy",
)
scored.set(title="Scored documents", xlabel="date of the drop", ylabel="documents", ylim=(0, None))
paid.bar(cost["ds"], cost["dollars"], color="#0072B2", label="paid")
saved = cost["saved_by_cache"] + cost["saved_by_copies"]
paid.bar(cost["ds"], saved, bottom=cost["dollars"], color="#D9D9D9", hatch="//", edgecolor="white", label="saved")
paid.set(title="Paid, and saved by cache and copies", xlabel="date of the drop", ylabel="US dollars")
if not (cost["dollars"] + saved).any():
    paid.text(0.5, 0.5, "nothing was paid: the scorer is free", ha="center", transform=paid.transAxes)
paid.set_ylim(0, max((cost["dollars"] + saved).max() * 1.1, 0.01))
for axes in (scored, paid):
    axes.tick_params(axis="x", rotation=45)
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.35), ncols=2)
plt.show()

# %% [markdown]
# ## In words

# %%
lost = totals["documents"] - totals["scored"]
conclusion = [
    f"Of {totals['documents']:,.0f} documents {lost:,.0f} have no score: {100 * lost / totals['documents']:.1f}%.",
]
if len(reasons):
    told = ", ".join(f"{each.error_code} {each.documents:,}" for each in reasons.iloc[::-1].itertuples())
    conclusion.append(f"Why: {told}.")
drifted = drift[drift["verdict"].isin(["shifted", "drifted"])]
for each in drifted.itertuples():
    unit, factor = (" documents a night", 1) if each.measure == "volume" else ("%", 100)
    conclusion.append(
        f"{each.source}, {each.measure}: {each.verdict}, most of all {each.most}: "
        f"{factor * each.share_before:,.0f}{unit} before, {factor * each.share:,.0f}{unit} last night."
    )
if drifted.empty:
    conclusion.append("Nothing drifted, as far as the nights before tell.")
if cost["units"].sum():
    conclusion.append(
        f"Scores cost ${cost['dollars'].sum():,.2f} for {cost['units'].sum():,} units; "
        f"cache and copies saved ${saved.sum():,.2f}."
    )
else:
    conclusion.append("Scores cost nothing: the scorer is free.")
conclusion.append(f"{cost['cache_hits'].sum():,} of {cost['documents'].sum():,} scores came from cache or a copy.")
print("\n".join(conclusion))
