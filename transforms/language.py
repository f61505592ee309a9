"""The language of a document: as it names it, or else detected here, without a network."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from math import log
from typing import Any

import eldc
import pyarrow as pa
import pyarrow.compute as pc

VERSION = f"eldc-{version('eldc')}"  # the model is part of the library

_CHARACTERS = 1_000  # that a text is judged by
_FEW = 20  # letters: below, nearly all that is left open is; see docs/languages.md
_EVIDENCE = 1.5  # what the likeliest language must be ahead by; measured, see docs/languages.md
# What the redactor put in ([NAME], [PHONE_1], [PHONE:***]); addresses of pages and of people, and handles, in ASCII,
# for Chinese and Japanese may follow without a space; and NUL, which ends a text for the detector.
_NOT_LANGUAGE = r"\[[A-Z][A-Z_]*[0-9]*(?::[^\[\]]*)?\]|(?i:https?://|\bwww\.)[!-~]+|[\w.+-]*@[\w.-]+|\x00"
_TRADITIONAL = frozenset({"tw", "hant", "hk", "mo"})


# ISO 639-1, and of ISO 639-2 what names a language or a family: not `und`, `mul`, `mis` and `zxx`.
_TWO_LETTERS = """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu
    ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na
    nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so
    sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_THREE_LETTERS = """
    aar abk ace ach ada ady afa afh afr ain aka akk alb ale alg alt amh ang anp apa ara arc arg arm arn arp art arw
    asm ast ath aus ava ave awa aym aze bad bai bak bal bam ban baq bas bat bej bel bem ben ber bho bih bik bin bis
    bla bnt bod bos bra bre btk bua bug bul bur byn cad cai car cat cau ceb cel ces cha chb che chg chi chk chm chn
    cho chp chr chu chv chy cmc cnr cop cor cos cpe cpf cpp cre crh crp csb cus cym cze dak dan dar day del den deu
    dgr din div doi dra dsb dua dum dut dyu dzo efi egy eka ell elx eng enm epo est eus ewe ewo fan fao fas fat fij
    fil fin fiu fon fra fre frm fro frr frs fry ful fur gaa gay gba gem geo ger gez gil gla gle glg glv gmh goh gon
    gor got grb grc gre grn gsw guj gwi hai hat hau haw heb her hil him hin hit hmn hmo hrv hsb hun hup hye iba ibo
    ice ido iii ijo iku ile ilo ina inc ind ine inh ipk ira iro isl ita jav jbo jpn jpr jrb kaa kab kac kal kam kan
    kar kas kat kau kaw kaz kbd kha khi khm kho kik kin kir kmb kok kom kon kor kos kpe krc krl kro kru kua kum kur
    kut lad lah lam lao lat lav lez lim lin lit lol loz ltz lua lub lug lui lun luo lus mac mad mag mah mai mak mal
    man mao map mar mas may mdf mdr men mga mic min mkd mkh mlg mlt mnc mni mno moh mon mos mri msa mun mus mwl mwr
    mya myn myv nah nai nap nau nav nbl nde ndo nds nep new nia nic niu nld nno nob nog non nor nqo nso nub nwc nya
    nym nyn nyo nzi oci oji ori orm osa oss ota oto paa pag pal pam pan pap pau peo per phi phn pli pol pon por pra
    pro pus que raj rap rar roa roh rom ron rum run rup rus sad sag sah sai sal sam san sas sat scn sco sel sem sga
    sgn shn sid sin sio sit sla slk slo slv sma sme smi smj smn smo sms sna snd snk sog som son sot spa sqi srd srn
    srp srr ssa ssw suk sun sus sux swa swe syc syr tah tai tam tat tel tem ter tet tgk tgl tha tib tig tir tiv tkl
    tlh tli tmh tog ton tpi tsi tsn tso tuk tum tup tur tut tvl twi tyv udm uga uig ukr umb urd uzb vai ven vie vol
    vot wak wal war was wel wen wln wol xal xho yao yap yid yor ypk zap zbl zen zgh zha zho znd zul zun zza
"""
_CODES = frozenset(f"{_TWO_LETTERS} {_THREE_LETTERS}".split())


def canonical(languages: pa.StringArray, *, codes_alone: bool = True) -> pa.StringArray:
    """Labels that documents give -> codes as Comprehend writes them, in the same order: `en-US` is `en`.

    Lower case, trimmed, without region and script; but Chinese in traditional script, as that of Taiwan, Hong Kong and
    Macao, is `zh-TW`. Null stays null, and so is a label that is no code: what stands there may be anything. Unless
    codes alone are wanted, that stays what it is before its first `-` or `_`.
    """
    encoded = languages.dictionary_encode()
    codes = [_code(label) for label in encoded.dictionary.to_pylist()]
    kept = [code if not codes_alone or code.removesuffix("-TW") in _CODES else None for code in codes]
    return pa.array(kept, pa.string()).take(encoded.indices)


def detect(texts: pa.StringArray) -> pa.StringArray:
    """The language of each text as a code of `canonical`, in the same order; judged by its first 1,000 characters.

    Placeholders of the redactor, URLs, e-mail addresses and handles do not count. Null where the text is null, where
    nothing tells, or where a second language is about as likely.
    """
    cut = pc.utf8_slice_codeunits(texts, 0, _CHARACTERS)
    return pa.array([None if text is None else _detect(text) for text in _words(cut).to_pylist()], pa.string())


def is_latin(texts: pa.StringArray) -> pa.BooleanArray:
    """Whether a text has no letters but Latin ones, or none. What `detect` leaves out does not count.

    Null where the text is.
    """
    return pc.invert(pc.match_substring_regex(_words(texts), r"[^\P{L}\p{Latin}]"))


def tells_little(texts: pa.StringArray) -> pa.BooleanArray:
    """Whether a text is too short for its language to be told: below 20 letters, and none but Latin ones.

    What `detect` leaves out does not count. Null where the text is.
    """
    letters = pc.replace_substring_regex(_words(texts), r"\P{L}+", "")
    return pc.and_(pc.less(pc.utf8_length(letters), _FEW), is_latin(texts))


def _words(texts: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring_regex(texts, _NOT_LANGUAGE, " ")


def _code(label: str) -> str:
    base, *rest = label.strip().lower().replace("_", "-").split("-")
    traditional = "hans" not in rest and not _TRADITIONAL.isdisjoint(rest)
    return "zh-TW" if base == "zh" and traditional else base


def _detect(text: str) -> str | None:
    found = _detector().detect_details(text)
    if found.language == "und":
        return None
    # A score is 1 - exp(-x), with x the mean over the n-grams of the text. So the difference of two languages' x, times
    # the length, is how far the whole text speaks for the one rather than the other.
    rest = [max(1 - score, 1e-6) for score in (*found.scores.values(), 0.0)]  # falling scores: rising rests
    if len(text.strip()) * log(rest[1] / rest[0]) < _EVIDENCE:
        return None
    return _chinese(text) if found.language == "zh" else str(found.language)


def _chinese(text: str) -> str:
    """`zh-TW` where Big5, the traditional character set, holds more of the text than GB 2312, the simplified one."""
    traditional, simplified = (len(text.encode(charset, "ignore")) for charset in ("big5", "gb2312"))
    return "zh-TW" if traditional > simplified else "zh"


@cache
def _detector() -> Any:
    eldc.init()
    detector = eldc.instance()
    detector.set_scores(2)  # the likeliest language and the next
    return detector
