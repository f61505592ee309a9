# %% [markdown]
# # 3 · What people complain about
#
# Where it got worse most, which words set those texts apart, what some of them say, and whether it is people at all
# or one text that came many times. Texts are redacted: `[NAME]` stands for one.

# %% tags=["parameters"]
import os

LAKE = os.environ.get("AURASTREAM_LAKE", "lake")  # a folder, or s3://bucket/lake

# %%
import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

import aurastream

plt.style.use("aurastream.charts")
pd.set_option("display.width", 120, "display.max_columns", 20, "display.max_colwidth", 60, "display.precision", 3)
lake = aurastream.connect(LAKE)

# %% [markdown]
# ## Where to look: the week and source that got worse most

# %%
worst = lake.sql("""
    SELECT week, source, share_negative_before, share_negative, change, change_low, p_adjusted, beyond_chance
    FROM weekly_trend WHERE source IS NOT NULL ORDER BY coalesce(change_low, -1) DESC, week DESC, source LIMIT 1
""").iloc[0]
week, source = worst["week"].date(), worst["source"]
display(worst.to_frame("where it got worse most"))

# %% [markdown]
# ## Why: words and pairs that set its NEGATIVE texts apart
#
# Log-odds with a prior, with 95% bounds; zero would be a word that negative and other texts have as often.

# %% alt="Points with 95% bounds: log-odds of the words and pairs that set NEGATIVE texts of a week apart"
words = lake.sql(
    """
    SELECT language, rank, words, negative, other, log_odds, z FROM words_by_sentiment
    WHERE week = ? AND source = ? ORDER BY z DESC, language, rank LIMIT 15
    """,
    [week, source],
)
display(words)

upwards = words.iloc[::-1].reset_index(drop=True)
error = 1.96 * upwards["log_odds"] / upwards["z"]
figure, axes = plt.subplots(figsize=(8, 4.4))
axes.axvline(0, color="black", linewidth=1)
axes.errorbar(upwards["log_odds"], upwards.index, xerr=error, fmt="o", capsize=3)
axes.set_yticks(upwards.index, [f"{each.words} ({each.language})" for each in upwards.itertuples()])
axes.set(
    title=f"Words of NEGATIVE texts of {source}, week of {week}, 95% bounds",
    xlabel="log-odds ratio, NEGATIVE to other texts",
    ylabel="word or pair (language)",
)
plt.show()

# %% [markdown]
# ## What they say
#
# The most negative texts of that week and source, whole, without near-duplicates.

# %%
texts = lake.sql(
    """
    SELECT rank, documents, score_negative, redacted_text FROM worst_documents
    WHERE week = ? AND source = ? ORDER BY rank LIMIT 5
    """,
    [week, source],
)
for each in texts.itertuples():
    print(f"{each.rank}. ({each.documents} times, score {each.score_negative:.2f})")
    print(textwrap.fill(each.redacted_text, 100, initial_indent="   ", subsequent_indent="   "), end="\n\n")

# %% [markdown]
# ## People, or one text that came many times?
#
# Texts that many documents share. In few nights it is a wave, in many a canned answer.

# %% alt="Bars: documents of each text that many share, with the number of nights that have it"
repeated = lake.sql("""
    SELECT documents, nights, source, first_ds, last_ds, negative, positive, redacted_text
    FROM repeated_texts ORDER BY documents DESC, first_ds LIMIT 10
""")
display(repeated[["documents", "nights", "source", "first_ds", "last_ds", "negative"]])

upwards = repeated.iloc[::-1].reset_index(drop=True)
figure, axes = plt.subplots(figsize=(8, 4))
axes.barh(upwards.index, upwards["documents"], color="#56B4E9", edgecolor="black")
for each in upwards.itertuples():
    axes.annotate(f" {each.nights} nights", (each.documents, each.Index), va="center", fontsize=8)
axes.set_yticks(
    upwards.index, [textwrap.shorten(each, 46, placeholder=" …") for each in upwards["redacted_text"]], fontsize=8
)
axes.set(title="Texts that many documents share", xlabel="documents", ylabel="text, its beginning", xlim=(0, None))
axes.grid(visible=False, axis="y")
plt.show()

# %% [markdown]
# ## In words

# %%
waves = lake.sql("SELECT * FROM repeated_texts WHERE nights <= 3 ORDER BY documents DESC, first_ds LIMIT 1")
conclusion = [
    f"It got worse most for {source} in the week of {week}: {100 * worst['share_negative']:.0f}% are NEGATIVE.",
]
if pd.notna(worst["change"]):
    conclusion.append(f"Those are {100 * worst['change']:.0f} points more than in the week before.")
if len(words):
    conclusion.append("What sets those texts apart: " + ", ".join(f'"{each}"' for each in words["words"].head(5)) + ".")
else:
    conclusion.append("No word sets those texts apart.")
for each in waves.itertuples():
    conclusion += [
        f"One text came {each.documents:,} times as {each.source}: a wave, and not so many people.",
        f"It came on {each.nights} nights from {each.first_ds:%Y-%m-%d} to {each.last_ds:%Y-%m-%d}.",
        f"It begins: {textwrap.shorten(each.redacted_text, 60, placeholder=' …')}",
    ]
if waves.empty:
    conclusion.append("No text came in a wave.")
print("\n".join(conclusion))
