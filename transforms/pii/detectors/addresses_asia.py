"""Addresses of Japan, China and Korea, in their own scripts: from the largest place to the house."""

from __future__ import annotations

from transforms.pii.detectors.detector import SPACE, Detector

_O = rf"{SPACE}?"
# Kana and ideographs, but the particles that part a place from the sentence around it (は に の を が で).
_PLACE = "[\u3005\u3007\u30a1-\u30ff\u3040-\u304b\u304d-\u3066\u3068-\u306a\u306c\u306d\u3070-\u3091\u3400-\u9fff]"
_NUMBERS = "[0-9\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341]"
_JAPANESE_HOUSE = (
    rf"{_NUMBERS}{{1,4}}(?:丁目|番地?の?|-)(?:{_O}{_NUMBERS}{{1,4}}(?:番地?の?|号|-|の)?){{0,3}}"
    rf"(?:{_O}[0-9]{{1,4}}号室)?"
)
_AREA = rf"{_PLACE}{{0,32}}(?:[0-9]{{1,3}}[条線]{_PLACE}{{0,8}})?"
_PREFECTURE = (
    "(?:東京都|北海道|大阪府|京都府|(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井"
    "|山梨|長野|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎"
    "|熊本|大分|宮崎|鹿児島|沖縄)県)"
)
# But live, to, in, is, send.
_CHINESE_PLACE = "[\u3400-\u4f4e\u4f50-\u522f\u5231-\u5727\u5729-\u662e\u6630-\u9000\u9002-\u9fff]"
_KOREAN_CITY = (
    "(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|충청북|충청남|전북|전남|전라북|전라남|경북|경남|경상북"
    "|경상남|제주)(?:특별자치시|특별자치도|특별시|광역시|도|시)?"
)

ROWS = (
    Detector(
        name="address_japan",
        type="ADDRESS",
        pattern=rf"〒{_O}[0-9]{{3}}-?[0-9]{{4}}(?:{_O}{_PREFECTURE})?(?:{_O}{_AREA}{_O}{_JAPANESE_HOUSE})?"
        rf"|{_PREFECTURE}{_O}{_PLACE}{{1,24}}[市区町村郡](?:{_O}{_AREA}{_O}{_JAPANESE_HOUSE})?"
        rf"|{_PLACE}{{1,8}}[市区町村]{_AREA}{_O}{_JAPANESE_HOUSE}",
        trigger="[〒都道府県市区町村]",
        confidence=0.85,
    ),
    Detector(
        name="address_china",
        type="ADDRESS",
        pattern=rf"(?:{_CHINESE_PLACE}{{1,16}}[省市区區县縣])?{_CHINESE_PLACE}{{1,16}}(?:路|街|道|巷|弄|胡同|大街|大道|村|小区)"
        rf"{_O}[0-9]{{1,5}}{_O}(?:号|號|弄)(?:{_O}[0-9A-Za-z]{{1,5}}{_O}(?:号楼|號樓|号|號|栋|棟|幢|座|楼|樓|层|層|单元|室|房)){{0,5}}(?:{_O}[0-9]{{2,5}}\b)?",
        trigger=f"[0-9]{_O}(?:号|號|弄)",
        confidence=0.8,
    ),
    Detector(
        name="address_korea",
        type="ADDRESS",
        pattern=rf"{_KOREAN_CITY}(?:{_O}[가-힣]{{1,6}}[시군구]){{1,2}}(?:{_O}[가-힣0-9]{{1,10}}[읍면동리가로길]){{1,3}}(?:{_O}[0-9]{{1,5}}(?:-[0-9]{{1,4}})?)?"
        rf"(?:{_O},?{_O}[0-9]{{1,4}}[동층호]){{0,3}}"
        rf"|[가-힣]{{1,10}}(?:대로|로|길){_O}(?:[0-9]{{1,4}}번?길{_O})?[0-9]{{1,5}}(?:-[0-9]{{1,4}})?(?:{_O},?{_O}[0-9]{{1,4}}[동층호]){{1,3}}",
        trigger=rf"[시군구로길]{_O}(?:[0-9]|[가-힣0-9]{{1,10}}[시군구읍면동리가로길])",
        confidence=0.8,
    ),
)
