# %% [markdown]
# # 1 · First look
#
# What is in the lake, how much of it, and what the last night says. Every figure is asked of the lake; nothing is
# worked out here that the views have not.

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
# ## How many documents, and how they ended

# %% alt="Lines: documents of each night, one line a source"
nights = lake.sql("""
    SELECT ds, coalesce(source, '(no source)') AS source, sum(documents) AS documents, sum(scored) AS scored
    FROM daily_sentiment GROUP BY ds, coalesce(source, '(no source)') ORDER BY ds, source
""")
by_source = nights.pivot_table(index="ds", columns="source", values="documents", aggfunc="sum", observed=True).fillna(0)

figure, axes = plt.subplots()
for source in by_source:
    axes.plot(by_source.index, by_source[source], label=source)
axes.set(title="Documents a night", xlabel="date of the drop", ylabel="documents", ylim=(0, None))
axes.legend(title="source", loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# ## What the last night says
#
# Documents by label. These are counts of all documents, no sample of them, so they have no bounds.

# %% alt="Bars: documents of the last night by label, one bar a source"
looks = {
    "negative": ("#D55E00", "//"),
    "mixed": ("#E69F00", ".."),
    "neutral": ("#D9D9D9", ""),
    "positive": ("#0072B2", ""),
}
last = lake.sql("""
    SELECT coalesce(source, '(no source)') AS source, max(ds) AS ds, sum(documents) AS documents, sum(scored) AS scored,
        sum(negative) AS negative, sum(mixed) AS mixed, sum(neutral) AS neutral, sum(positive) AS positive
    FROM daily_sentiment WHERE ds = (SELECT max(ds) FROM scores)
    GROUP BY coalesce(source, '(no source)') ORDER BY documents
""")
display(last)

figure, axes = plt.subplots()
drawn = 0
for label, (colour, hatch) in looks.items():
    shown = {"color": colour, "hatch": hatch, "edgecolor": "white", "label": label}
    axes.barh(last["source"].astype(str), last[label], left=drawn, **shown)
    drawn = drawn + last[label]
axes.set(title=f"Labels on {last['ds'].max():%Y-%m-%d}", xlabel="documents", ylabel="source", xlim=(0, None))
axes.grid(visible=False, axis="y")
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# ## How much of it is negative, and how sure is that
#
# The share of NEGATIVE of the last week, by source, with 95% bounds (Wilson): how far so few documents may mislead.
# That the scorer is right they do not say: notebook 5 asks that.

# %% alt="Points with 95% bounds: share of NEGATIVE of the last week, one point a source"
week = lake.sql("""
    SELECT source, week, nights, scored, share_negative, share_negative_low, share_negative_high FROM weekly_trend
    WHERE week = (SELECT max(week) FROM weekly_trend) AND source IS NOT NULL ORDER BY share_negative
""")
display(week)

figure, axes = plt.subplots(figsize=(8, 2.6))
around = abs(week[["share_negative_low", "share_negative_high"]].sub(week["share_negative"], axis=0).T.to_numpy())
axes.errorbar(100 * week["share_negative"], week["source"].astype(str), xerr=100 * around, fmt="o", capsize=4)
axes.set(
    title=f"Share of NEGATIVE, week of {week['week'].max():%Y-%m-%d}, 95% bounds",
    xlabel="% of scored documents",
    ylabel="source",
    xlim=(0, 100),
)
axes.margins(y=0.3)
plt.show()

# %% [markdown]
# ## In words

# %%
documents, scored, negative = last["documents"].sum(), last["scored"].sum(), last["negative"].sum()
worst = week.iloc[-1]
conclusion = [
    f"The lake holds {nights['documents'].sum():,} documents of {nights['ds'].nunique():,} nights.",
    f"The first is of {nights['ds'].min():%Y-%m-%d}, the last of {nights['ds'].max():%Y-%m-%d}.",
    f"On the last night {documents:,} documents came, {scored:,} were scored, and {documents - scored:,} were not.",
    f"{negative:,} of them, {100 * negative / max(scored, 1):.0f}%, are NEGATIVE.",
    f"Of the last week {worst['source']} has the largest share of NEGATIVE: {100 * worst['share_negative']:.0f}%.",
    f"Its 95% bounds are {100 * worst['share_negative_low']:.0f}% and {100 * worst['share_negative_high']:.0f}%.",
]
print("\n".join(conclusion))
