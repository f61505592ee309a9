# %% [markdown]
# # 2 · Trends and movers
#
# What got worse, week by week and last night, by how much, and whether that is more than nights differ anyway.

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
# ## Week by week
#
# The share of NEGATIVE by source, with 95% bounds (Wilson). A ring is around a week that differs from the week before
# by more than chance and the usual unrest of nights explain (`beyond_chance`).

# %% alt="Lines with 95% bounds: share of NEGATIVE by week and source; weeks beyond chance are ringed"
weeks = lake.sql("""
    SELECT weekly_trend.*, coalesce(beyond_chance, false) AS sure FROM weekly_trend
    WHERE source IS NOT NULL ORDER BY source, week
""")
sources = list(weeks["source"].unique())
beyond = weeks[weeks["sure"]]

figure, panels = plt.subplots(1, len(sources), sharey=True, squeeze=False, figsize=(8, 3.2))
for axes, source in zip(panels[0], sources, strict=True):
    own = weeks[weeks["source"] == source]
    told = beyond[beyond["source"] == source]
    axes.fill_between(own["week"], 100 * own["share_negative_low"], 100 * own["share_negative_high"], color="#BDD7EE")
    axes.plot(own["week"], 100 * own["share_negative"])
    axes.plot(told["week"], 100 * told["share_negative"], "o", markersize=14, fillstyle="none", color="black")
    axes.set(title=source, xlabel="week from", ylim=(0, 100))
    axes.set_xticks(own["week"], [f"{each:%d %b}" for each in own["week"]], rotation=45, ha="right")
panels[0][0].set_ylabel("NEGATIVE, % of scored documents")
plt.show()

# %% [markdown]
# ## Last night against the 28 before
#
# The ten labels, by source and language, that moved most surely (`*` is any). A bar is the 95% interval of the
# change; one that does not touch zero may still be no news where nights differ as much anyway, or among so many
# comparisons. Filled is what is beyond chance after both.

# %% alt="Points with 95% bounds: change of the first ten movers; those beyond chance are filled"
movers = lake.sql("SELECT * FROM movers ORDER BY rank")
shown = movers.head(10).iloc[::-1].reset_index(drop=True)
columns = ["source", "language", "label", "share_before", "share", "change", "p_adjusted", "beyond_chance"]
display(shown[columns].assign(p_adjusted=shown["p_adjusted"].map("{:.4f}".format)).iloc[::-1])

figure, axes = plt.subplots(figsize=(8, 4.2))
axes.axvline(0, color="black", linewidth=1)
axes.hlines(shown.index, 100 * shown["change_low"], 100 * shown["change_high"], color="#0072B2", linewidth=2)
axes.plot(100 * shown["change"], shown.index, "o", color="#0072B2", fillstyle="none", markerfacecolor="white")
sure = shown[shown["beyond_chance"].astype(bool)]
axes.plot(100 * sure["change"], sure.index, "o", color="#0072B2")
axes.set_yticks(shown.index, [f"{each.label}, {each.source}, {each.language}" for each in shown.itertuples()])
axes.set(
    title="Change of a label's share, last night against the 28 nights before, 95% bounds",
    xlabel="percentage points",
    ylabel="label, source, language",
)
plt.show()

# %% [markdown]
# ## In words

# %%
worse = weeks[weeks["change"].astype(float) > 0]
conclusion = [
    f"In the week of {each.week:%Y-%m-%d} {each.source} got worse by more than chance: NEGATIVE went from "
    f"{100 * each.share_negative_before:.0f}% to {100 * each.share_negative:.0f}%, "
    f"by {100 * each.change_low:.0f} points at least."
    for each in worse[worse["sure"]].sort_values("change_low", ascending=False).itertuples()
]
if not conclusion:
    conclusion.append("No source got worse from a week to the next by more than chance and the unrest of its nights.")
    for each in worse.sort_values("p_adjusted").head(1).itertuples():
        conclusion += [
            f"Nearest to it is {each.source} in the week of {each.week:%Y-%m-%d}.",
            f"It went from {100 * each.share_negative_before:.0f}% NEGATIVE to {100 * each.share_negative:.0f}%.",
            f"By chance alone that would come about with a probability of {each.p_adjusted:.3f}; 0.01 is asked for.",
            f"For its nights differ {each.dispersion:.1f} times as much as chance would have them differ.",
        ]
moved = movers[movers["beyond_chance"].astype(bool)]
conclusion.append(f"Last night {len(moved):,} of {len(movers):,} comparisons are beyond chance.")
for each in moved.head(1).itertuples():
    conclusion.append(
        f"First of all {each.label} of {each.source}, {each.language}: from {100 * each.share_before:.0f}% "
        f"to {100 * each.share:.0f}%."
    )
print("\n".join(conclusion))
