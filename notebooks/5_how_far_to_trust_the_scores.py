# %% [markdown]
# # 5 · How far to trust the scores
#
# Bounds in the other notebooks say how few documents may mislead. Whether the scorer is right only people can say:
# draw a sample (`aurastream label-sample --lake lake --n 200 --out sample.csv`), have copies of it labelled, and give
# them here. Another scorer, in a lake of its own over the same drop, can be asked as well.

# %% tags=["parameters"]
import os

LAKE = os.environ.get("AURASTREAM_LAKE", "lake")  # a folder, or s3://bucket/lake
LABELLED = os.environ.get("AURASTREAM_LABELLED", "").split()  # labelled copies of one sample
OTHER = os.environ.get("AURASTREAM_OTHER")  # a lake of another scorer over the same drop

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
# ## How sure the scorer says it is
#
# Documents of the last night, by the score of their label. Under 0.5 no label has more than all others together.

# %% alt="Bars: documents of the last night by the score of their label, from 0 to 1"
sure = lake.sql("""
    SELECT sentiment AS label, least(floor(10 * score) / 10E0, 0.9E0) AS score_from, count(*) AS documents
    FROM (
        SELECT sentiment, greatest(score_positive, score_negative, score_neutral, score_mixed) AS score FROM scores
        WHERE status = 'SCORED' AND ds = (SELECT max(ds) FROM scores)
    ) AS labelled
    GROUP BY 1, 2 ORDER BY 2, 1
""")
by_label = sure.pivot_table(index="score_from", columns="label", values="documents", aggfunc="sum", observed=True)
by_label = by_label.fillna(0)
display(by_label.astype(int))

figure, axes = plt.subplots()
drawn = 0
looks = {
    "NEGATIVE": ("#D55E00", "//"),
    "MIXED": ("#E69F00", ".."),
    "NEUTRAL": ("#D9D9D9", ""),
    "POSITIVE": ("#0072B2", ""),
}
for label in by_label:
    colour, hatch = looks[label]
    shown = {"color": colour, "hatch": hatch, "edgecolor": "white", "label": label}
    axes.bar(by_label.index, by_label[label], 0.09, bottom=drawn, align="edge", **shown)
    drawn = drawn + by_label[label]
axes.axvline(0.5, color="black", linestyle=":")
axes.set(
    title="Scores of labels, last night",
    xlabel="score of the label, 0 to 1",
    ylabel="documents",
    xlim=(0.2, 1),
    ylim=(0, None),
)
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# ## What others say
#
# Each figure is weighted back to the whole night, with the 95% bounds of a bootstrap. Kappa and alpha are 0 where
# labels agree as by chance, and 1 where they are the same; alpha is of those who labelled, among themselves: the
# scorer can hardly agree more with them than they with each other.

# %%
compared = {}
if LABELLED:
    compared["people"] = aurastream.agreement(LABELLED)
if OTHER:
    compared["the other scorer"] = lake.agreement(OTHER)
for name, found in compared.items():
    print(f"Against {name}:", *(f"{key}: {value}" for key, value in found.what.items()), sep="\n  ")
    display(found.measures)
if not compared:
    print("Nobody has labelled a sample yet, and no other scorer is given.")

# %% alt="Points with 95% bounds: measures of agreement, and the share that is right by score"
for name, found in compared.items():
    figure, (measured, calibrated) = plt.subplots(1, 2, figsize=(8, 3.4))
    measures = found.measures.drop(index="calibration_error").iloc[::-1]
    around = abs(measures[["low", "high"]].sub(measures["value"], axis=0).T.to_numpy())
    names = [each.replace("_", " ") for each in measures.index]
    measured.errorbar(measures["value"], names, xerr=around, fmt="o", capsize=4)
    measured.set(title=f"Agreement with {name}", xlabel="0 to 1, 95% bounds", ylabel="measure", xlim=(0, 1))
    measured.margins(y=0.2)
    bins = found.calibration
    around = abs(bins[["low", "high"]].sub(bins["right"], axis=0).T.fillna(0).to_numpy())
    calibrated.plot([0, 1], [0, 1], color="grey", linestyle=":", marker="", label="score = share right")
    shown = {"fmt": "s", "color": "#D55E00", "capsize": 4, "label": "found, 95% bounds (no bar: unknown)"}
    calibrated.errorbar(bins["mean_score"], bins["right"], yerr=around, **shown)
    calibrated.set(title="Calibration", xlabel="mean score of the label", ylabel="share that is right")
    calibrated.set(xlim=(0, 1), ylim=(0, 1.05))
    calibrated.legend(loc="upper left", bbox_to_anchor=(0, -0.22))
    plt.show()

# %% [markdown]
# ## Where they differ
#
# Of all documents of the night, the percentage of each pair of labels; and documents of which the scorer is surest
# and others say something else.

# %%
for name, found in compared.items():
    print(f"Judged by {name} (rows), and by the scorer (columns), % of all documents:")
    display((100 * found.confusion.pivot_table(index="judged", columns="scorer", values="share", sort=False)).round(1))
    for each in found.worst.head(3).itertuples():
        print(f"{each.judged}, not {each.scorer} ({each.confidence:.2f}):")
        print(textwrap.fill(each.redacted_text, 100, initial_indent="   ", subsequent_indent="   "), end="\n\n")

# %% [markdown]
# ## In words

# %%
unsure, scored = sure.loc[sure["score_from"] < 0.5, "documents"].sum(), sure["documents"].sum()
conclusion = [
    f"Of {scored:,} documents scored last night the scorer is unsure of {unsure:,}: {100 * unsure / scored:.0f}%."
]
for name, found in compared.items():
    accuracy, kappa = found.measures.loc["accuracy"], found.measures.loc["cohens_kappa"]
    differ = found.confusion[found.confusion["judged"] != found.confusion["scorer"]]
    most = differ.sort_values("share").iloc[-1]
    conclusion.append(
        f"The scorer agrees with {name} on {100 * accuracy['value']:.0f}% of documents, kappa {kappa['value']:.2f}."
    )
    if pd.notna(accuracy["low"]):
        conclusion.append(f"The 95% bounds are {100 * accuracy['low']:.0f}% and {100 * accuracy['high']:.0f}%.")
    if most["share"] > 0:
        conclusion.append(
            f"Most often it says {most['scorer']} instead of {most['judged']}: {100 * most['share']:.0f}% of documents."
        )
if not compared:
    conclusion += [
        "Whether it is right nobody has said.",
        "200 labelled documents would tell the share that is right within some 7 points.",
    ]
print("\n".join(conclusion))
