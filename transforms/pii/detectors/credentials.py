"""User names, passwords and keys.

Formats of keys are as their issuers publish them; an underscore is `~` here.
"""

from __future__ import annotations

from transforms.pii.context import THINGS
from transforms.pii.detectors.detector import SPACE, Detector
from transforms.pii.validators import credentials, finance

_OTHERS = "\u00c0-\u024f"  # letters beyond ASCII
_QUOTE = r"""["'`]?"""
_IS = r"(?:is|was|are|es|era|est|ist|lautet|[eèéÈÉ])"
_GLUE = rf"(?:{SPACE}|[~-])?"
# After the word: a colon or an equals sign, or "is".
_SAYS = rf"{_QUOTE}(?:{SPACE}*(?::=|=>|->|[:=]){SPACE}*|{SPACE}+{_IS}{SPACE}*:?{SPACE}+){_QUOTE}"
_FEW_WORDS = rf"(?:{SPACE}+\(?[A-Za-zà-ÿ]{{1,12}}\)?){{0,4}}"
_PASSWORD = (
    r"(?:wi-?fi|wlan|network){SPACE}+(?:key|pass)|pass(?:word|wd|code|phrase|wort)?s?|pass{SPACE}+phrase|p(?:ass)?w|psw|pwd|contrase[nñÑ]a|clave(?:{SPACE}+de{SPACE}+acceso)?|mot{SPACE}+de{SPACE}+passe|mdp"
    r"|kennwort|(?:wlan|wi-?fi)-?schl[uüÜ]ssel|clave{SPACE}+(?:del?{SPACE}+)?wi-?fi|senha|palavra-passe|parola{SPACE}+d'ordine|codice{SPACE}+segreto"
).replace("{SPACE}", SPACE)
_USER_NAME = (
    (
        r"user{GLUE}?names?|user{GLUE}?ids?|log-?in{GLUE}names?|screen{GLUE}?names?|nombre{SPACE}+de{SPACE}+usuario"
        r"|nome{SPACE}+(?:de{SPACE}+)?(?:utente|usu[aá]rio|utilizador)|nom{SPACE}+d'utilisateur|identifiant|benutzer(?:name|kennung)"
        r"|nutzername|anmeldename|user|usuario|usu[aá]rio|log-?in|handle|nick(?:name)?|pseudo|alias"
    )
    .replace("{GLUE}?", _GLUE)
    .replace("{GLUE}", _GLUE)
    .replace("{SPACE}", SPACE)
)
# Where people have names. Those that are words too, with what says that a name follows.
_NETWORK = (
    "insta(?:gram)?|ig|snap(?:chat)?|telegram|tg|whats ?app|wechat|weixin|kik|skype|discord|twitter|tik ?tok|facebook"
    "|fb|linkedin|psn|gamertag|twitch|venmo|cash ?app|paypal|viber|mastodon|gmail|hotmail|outlook|yahoo|icloud|youtube"
    "|tumblr|github|gitlab|line id|signal id|steam id|xbox id"
)
_OF_CODE = (
    "verification|confirmation|security|access|log-?in|sign-?in|auth(?:entication|orization)?|one[ -]?time|activation"
    "|reset|recovery|entry|door|gate|garage|alarm|lock|lock ?box|keypad|entrance|building|buzzer|safe|unlock|2fa|mfa"
    "|sms|temporary"
)
_CODE_WORDS = (
    rf"(?:{_OF_CODE})[ ~-]?(?:pass)?code|(?:one[ -]?time|temporary) (?:pin|password|passcode)|otp|2fa|mfa|m?-?tan|totp"
    r"|lock ?box"
    r"|c[oó]digo (?:de )?(?:verificaci[oó]n|seguridad|acceso|confirmaci[oó]n|verifica[cç][aã]o|seguran[cç]a|acesso"
    r"|confirma[cç][aã]o|activaci[oó]n|ativa[cç][aã]o)"
    r"|code (?:de |d')?(?:v[eé]rification|confirmation|s[eé]curit[eé]|acc[eè]s|validation|la porte|l'immeuble)|digicode"
    r"|(?:best[aä]tigungs|verifizierungs|sicherheits|zugangs|aktivierungs|t[uü]r)-?code"
    r"|codice (?:di )?(?:verifica|sicurezza|accesso|conferma|attivazione)"
)
_NAME_THERE = (
    "(?:epic|reddit|slack|steam|xbox|zelle) ?:|user ?name|nick ?name|screen ?name|benutzername|nombre de usuario"
)
_KEY_WORD = (
    r"(?:api|access|secret|auth|private|client|consumer|app(?:lication)?|subscription|account|encryption|signing|refresh|session"
    r"|bearer|bot|x-api|x-auth)[ ~-]?(?:key|token|secret)s?|apikey|secret|token"
)
_BASE64 = "A-Za-z0-9+/=~.-"
_AWS_KEY = r"\b(?:AKIA|ASIA|AROA|AIDA|AGPA|AIPA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16}\b"
_KEYS = (
    r"gh[pousr]~[A-Za-z0-9]{30,}",  # GitHub
    r"github~pat~[A-Za-z0-9~]{30,}",
    r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[A-Za-z0-9~.-]{20,}",  # GitLab
    r"xox[abceoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}",  # Slack
    r"xapp-[0-9]-[A-Za-z0-9-]{10,}",
    r"[rs]k~(?:live|test|prod)~[A-Za-z0-9]{10,}",  # Stripe
    r"whsec~[A-Za-z0-9+/=]{24,}",
    r"AIza[A-Za-z0-9~-]{30,}",  # Google
    r"GOCSPX-[A-Za-z0-9~-]{20,}",
    r"ya29\.[A-Za-z0-9~-]{20,}",
    r"sk-(?:proj|svcacct|admin|ant|or|None)-[A-Za-z0-9~-]{20,}",  # OpenAI, Anthropic, OpenRouter
    r"sk-[A-Za-z0-9]{32,}",
    r"(?:SK|AC)[0-9a-f]{32}\b",  # Twilio
    r"SG\.[A-Za-z0-9~-]{16,}\.[A-Za-z0-9~-]{16,}",  # SendGrid
    r"npm~[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9~-]{50,}",
    r"hf~[A-Za-z0-9]{30,}",  # Hugging Face
    r"do[oprt]~v1~[0-9a-f]{40,}",  # DigitalOcean
    r"shp(?:at|ca|pa|ss)~[0-9a-fA-F]{32}",  # Shopify
    r"[0-9]{8,10}:AA[A-Za-z0-9~-]{32,}",  # Telegram
    r"key-[0-9a-f]{32}\b",  # Mailgun
    r"[0-9a-f]{32}-us[0-9]{1,2}\b",  # Mailchimp
    r"sq0(?:atp|csp|idp)-[A-Za-z0-9~-]{20,}",  # Square
    r"EAAA[A-Za-z0-9~-]{56,}",
    r"dapi[0-9a-f]{32}\b",  # Databricks
    r"lin~api~[A-Za-z0-9]{30,}",  # Linear
    r"ntn~[A-Za-z0-9]{40,}",  # Notion
    r"gsk~[A-Za-z0-9]{40,}",  # Groq
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    r"hv[sb]\.[A-Za-z0-9~-]{24,}",  # HashiCorp Vault
    r"tfp~[A-Za-z0-9~-]{20,}",  # Typeform
    r"glsa~[A-Za-z0-9]{30,}~[0-9a-f]{8}",  # Grafana
    r"rubygems~[0-9a-f]{48}",
    r"sbp~[0-9a-f]{40}",  # Supabase
)
_KEY_STARTS = (
    r"gh[pousr]~|github~pat|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-|xox[a-s][.-]|xapp-|[rs]k~(?:live|test|prod)|whsec~|AIza"
    r"|GOCSPX-|ya29|sk-|(?:SK|AC)[0-9a-f]|SG\.|npm~|pypi-|hf~|do[oprt]~v1|shp(?:at|ca|pa|ss)~|:AA|key-|-us[0-9]|sq0|EAAA|dapi|lin~api"
    r"|ntn~|gsk~|AGE-SECRET|hv[sb]\.|tfp~|glsa~|rubygems~|sbp~"
).replace("~", "[_~]")
_AWS_TRIGGER = r"(?i:secret|aws)|A(?:KIA|SIA|ROA|IDA|GPA|IPA|NPA|NVA|BIA|CCA)"

ROWS = (
    Detector(
        name="username",
        type="USERNAME",
        pattern=rf"(?i:(?:^|[^A-Za-z0-9\x00])(?:{_USER_NAME}){_SAYS})(@?[A-Za-z0-9~][A-Za-z0-9~.-]{{2,31}})",
        trigger=r"(?i:user|log-?in|screen|usu[aáÁ]rio|utente|utili[sz]a|identifiant|nutzer|anmelde|handle|nick|pseudo|alias)",
        confidence=0.7,
        validator=credentials.username,
    ),
    Detector(
        name="handle",
        type="USERNAME",
        pattern=rf"(?:^|[^A-Za-z0-9~@/&\x00{_OTHERS}])(@[A-Za-z0-9~]{{2,30}})",
        trigger=r"@[A-Za-z0-9_~]",
        confidence=0.6,
        validator=credentials.handle,
    ),
    Detector(
        name="handle_reddit",
        type="USERNAME",
        pattern=r"(?:^|[^A-Za-z0-9~\x00/.])(/?u/[A-Za-z0-9~-]{3,20})\b",
        trigger=r"u/[A-Za-z0-9_~-]",
        confidence=0.6,
    ),
    Detector(
        name="account_name",  # insta dana.lee92, Skype live:dana, Discord Dana#1234
        type="USERNAME",
        pattern=rf"(?:^|[^A-Za-z0-9.@/\x00])(?i:{_NETWORK}|{_NAME_THERE})(?:{SPACE}(?i:id|name|handle|user(?:name)?|account|profile|tag|is|me))*"
        rf"{SPACE}?[:=]?{SPACE}?(?:@|\b)((?:live:(?:\.cid\.)?)?[A-Za-z0-9~][A-Za-z0-9~.-]{{2,39}}(?:#[0-9]{{4}})?)",
        trigger=rf"(?i:(?:^|[^A-Za-z0-9])(?:(?:{_NETWORK})[^A-Za-z0-9]|{_NAME_THERE}))",
        confidence=0.65,
        validator=credentials.account_name,
    ),
    Detector(
        name="skype",
        type="USERNAME",
        pattern=r"\blive:(?:\.cid\.)?[a-z0-9][a-z0-9.~-]{2,39}",
        confidence=0.7,
        validator=credentials.skype,
    ),
    Detector(
        name="password",
        type="PASSWORD",
        pattern=rf"(?i:(?:^|[^A-Za-z0-9\x00])(?:{_PASSWORD}){_FEW_WORDS}{_SAYS})([^ \t\n\v\f\r\x00\"'`]{{4,64}})",
        trigger=r"(?i:pass|pwd?[^a-z]|psw|contrase|clave|mdp|kennwort|senha|parola|segreto|schl[uüÜ]ssel)"
        rf"|(?i:(?:fi|wlan|network){SPACE}+key)",
        confidence=0.8,
        validator=credentials.secret,
    ),
    Detector(
        name="password_beside",  # without a sign between: login dana / pass Sunshine99
        type="PASSWORD",
        pattern=rf"(?:^|[^A-Za-z0-9.\x00])(?i:pass(?:word|wd|wort)?|p(?:ass)?w|psw|pwd|mdp|senha|contrase[nñÑ]a|kennwort){SPACE}+"
        r"([^ \n\x00\"'`]{6,64})",
        trigger=rf"(?i:(?:^|[^A-Za-z0-9])(?:pass(?:word|wd|wort)?|p(?:ass)?w|psw|pwd|mdp|senha|contrase[nñÑ]a|kennwort))"
        rf"{SPACE}",
        confidence=0.65,
        validator=credentials.mixed,
    ),
    Detector(
        name="pin",
        type="PIN",
        pattern=rf"(?:^|[^A-Za-z0-9~\x00])(?i:(?:c[oóÓ]digo|code|codice|clave){SPACE}+pin|pin(?:{_GLUE}(?:code|number|nummer|no\.?))?)"
        rf"{_FEW_WORDS}(?:{_SAYS}|{SPACE}+#?{SPACE}*)([0-9]{{4,8}})\b",
        trigger=r"(?i:(?:^|[^A-Za-z0-9])pin)",
        confidence=0.7,
    ),
    Detector(
        name="one_time_code",
        type="PIN",
        pattern=r"(?:[A-Z]-)?(?:[0-9]{3}[ -][0-9]{3}|[0-9]{4,8})(?:#|\b)",
        confidence=0.75,
        validator=finance.alone,
        context=(_CODE_WORDS,),
        unless=THINGS,
    ),
    Detector(
        name="code_is",  # of a door, or sent by a service
        type="PIN",
        pattern=rf"(?:^|[^A-Za-z0-9\x00])(?:(?i:the|my|your|our|his|her){SPACE}(?:[A-Z][A-Za-z]{{1,15}}{SPACE})?(?i:pass)?(?i:code)"
        rf"|(?i:(?:el|tu|su|mi|o|seu|meu){SPACE}c[oóÓ]digo|(?:le|votre|mon|der|ihr|dein|mein){SPACE}code"
        rf"|il{SPACE}(?:tuo{SPACE}|mio{SPACE})?codice))(?:{SPACE}{_IS}|{SPACE}?:){SPACE}?([0-9]{{4,8}}(?:#|\b))",
        confidence=0.65,
        validator=credentials.code_said,
    ),
    Detector(
        name="code_to_use",  # enter 395162 to verify
        type="PIN",
        pattern=rf"\b(?i:use|enter|type|usa|ingresa|introduce|utilisez|saisissez|verwenden|use{SPACE}o){SPACE}(?i:(?:the|this|your|el|le|den)"
        rf"{SPACE})?(?i:(?:(?:pass)?code|otp|pin|c[oóÓ]digo){SPACE})?([0-9]{{4,8}}){SPACE}(?i:to|para|pour|um){SPACE}"
        r"(?i:log|sign|verif|confirm|complet|continu|reset|unlock|access|activ|open|enter|iniciar|acceder|acessar|entrar|vous)",
        confidence=0.7,
    ),
    Detector(
        name="code_before",  # 482913 is your code
        type="PIN",
        pattern=rf"\b((?:[A-Z]-)?[0-9]{{4,8}}){SPACE}{_IS}{SPACE}(?i:(?:your|my|the|tu|su|votre|ihr|dein|(?:il{SPACE})?tuo|(?:o{SPACE})?seu){SPACE}"
        rf"(?:[a-z~-]{{2,16}}{SPACE}(?:{_OF_CODE}){SPACE}|(?:{_OF_CODE}){SPACE}|[a-z]{{2,16}}{SPACE}){{0,2}}(?:(?:pass)?code|c[oóÓ]digo|codice|otp|pin|tan))\b",
        confidence=0.75,
        validator=credentials.no_code,
    ),
    Detector(
        name="aws_access_key",
        type="AWS_ACCESS_KEY",
        pattern=_AWS_KEY,
        trigger=_AWS_TRIGGER,
        confidence=0.99,
    ),
    Detector(
        name="aws_secret_key",
        type="AWS_SECRET_KEY",
        pattern=rf"(?i:secret{_GLUE}(?:access{_GLUE})?key|aws{_GLUE}secret){_FEW_WORDS}"
        rf"(?:{_SAYS}|[^A-Za-z0-9+/=\x00]+)([A-Za-z0-9+/]{{40}})",
        trigger=_AWS_TRIGGER,
        confidence=0.97,
        validator=credentials.aws_secret,
    ),
    Detector(
        name="aws_secret_key_pair",
        type="AWS_SECRET_KEY",
        pattern=rf"{_AWS_KEY}[^\x00]{{0,99}}?[^A-Za-z0-9+/=\x00]([A-Za-z0-9+/]{{40}})",
        trigger=_AWS_TRIGGER,
        confidence=0.95,
        validator=credentials.aws_secret,
    ),
    Detector(
        name="json_web_token",
        type="JSON_WEB_TOKEN",
        pattern=r"\b(?:ey[JA]|ew[o0])[A-Za-z0-9~-]{6,}\.[A-Za-z0-9~-]{4,}(?:\.[A-Za-z0-9~-]*){1,3}",
        trigger=r"ey[JA]|ew[o0]",
        confidence=0.99,
        validator=credentials.json_web_token,
    ),
    Detector(
        name="api_key",
        type="API_KEY",
        pattern=rf"\b(?:{'|'.join(_KEYS)})",
        trigger=_KEY_STARTS,
        confidence=0.97,
    ),
    Detector(
        name="api_key_context",
        type="API_KEY",
        pattern=rf"(?i:(?:^|[^A-Za-z0-9\x00])(?:{_KEY_WORD}){_SAYS}(?:(?:bearer|basic|token){SPACE}+)?"
        rf"|authorization{_SAYS}(?:(?:bearer|basic|token|apikey){SPACE}+)?|bearer{SPACE}+)"
        rf"([{_BASE64}]{{16,}})",
        trigger=r"(?i:key|token|secret|authorization|bearer)",
        confidence=0.75,
        validator=credentials.key,
    ),
    Detector(
        name="azure_key",
        type="API_KEY",
        pattern=rf"(?i:accountkey|sharedaccesskey|sig){SPACE}*={SPACE}*([A-Za-z0-9+/%]{{40,90}}={{0,2}})",
        trigger=r"(?i:key|sig)[ \t\n\v\f\r]*=",
        confidence=0.9,
        validator=credentials.key,
    ),
    Detector(
        name="private_key",
        type="API_KEY",
        pattern=r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[^\x00-]*-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
        rf"|(?:(?:{SPACE}|\\n)*[A-Za-z0-9+/=]{{30,}})*)",
        trigger="PRIVATE KEY",
        confidence=0.99,
    ),
)
