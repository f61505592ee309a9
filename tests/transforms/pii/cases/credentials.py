"""Cases: texts with the find between « and », and near misses of each detector, left alone.

Keys are put together here from their parts: none is one, and none looks like one to a scanner of repositories.
"""

_RANDOM = "a8Kd03mZq7Rt5Yw1Xc9Vb2Nn4LpQs6Tg0Hj"  # 36 characters
_HEX = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
_SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
_HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

FOUND = {
    "username": [
        "my username is «mjohnson123».",
        "Username: «joe»",
        "user name = «joe.doe»",
        "login: «joe_doe»",
        "usuario: «pepe88»",
        "nombre de usuario es «pepe_88»",
        "Benutzername: «hans»",
        "nom d'utilisateur : «jean»",
        "nome utente: «mario.rossi»",
        '"username": "«joe»"',
        "user id is «joeDoe»",
    ],
    "handle": ["thanks «@joe_doe»!", "RT «@joe99»: yes", ".«@joe» said", "(«@joe»)"],
    "handle_reddit": ["as «u/joe-doe» wrote", "by «/u/joe99»."],
    "account_name": [
        "insta «kim.novak.58», ok",
        "snap: «kimn58»",
        "my Telegram is «@kimnovak»",
        "WeChat ID: «kim_n58»",
        "Discord name «kimn#1234»",
        "yahoo: «kim58»",
        "LINE ID «kimn.58»",
    ],
    "skype": ["add «live:kim.novak58».", "(«live:.cid.1a2b3c4d5e6f7a8b»)"],
    "password": [
        "my password is «hunter2».",
        "Password: «S3cret!pw»",
        "pwd=«abc123»;",
        '"password": "«correct»"',
        "contraseña: «perro88»",
        "mot de passe : «chien88»",
        "Das Passwort lautet «Hund88»",
        "senha: «gato88»",
        "The password for my account is «p@ssword»,",
        "passphrase: «blue-Horse-4»",
    ],
    "password_beside": ["login kim / pass «Rain4Ever»", "pw «blue!horse7» works"],
    "pin": ["PIN: «4821»", "my pin number is «482193»", "código PIN «4821»", "pin «4821»."],
    "one_time_code": [
        "Your verification code is «395162».",
        "OTP «395162»",
        "one-time passcode: «395 162»",
        "the gate code here is «4471#»",
        "tu código de verificación es «395162»",
        "Bestätigungscode: «395162»",
        "votre code de confirmation : «395162»",
        "Bot: and your access code?\nKim: it is «39516»",
    ],
    "code_is": ["the code is «9471#»", "my code: «94712»", "el código es «94712»", "Ihr Code lautet «94712»"],
    "code_before": [
        "«395162» is your code",
        "«G-395162» is your Google verification code.",
        "«395162» es tu código de acceso",
    ],
    "aws_access_key": ["«AKIA" + "IOSFODNN7EXAMPLE»", "id=«ASIA" + "IOSFODNN7EXAMPLE»,"],
    "aws_secret_key": [f"aws_secret_access_key = «{_SECRET}»", f"Secret access key: «{_SECRET}»."],
    "aws_secret_key_pair": [],
    "json_web_token": [f"«{_HEADER}.eyJzdWIiOiIxIn0.c2lnbmF0dXJl»", f"token «{_HEADER}.eyJzdWIiOiIxIn0.»"],
    "api_key": [
        f"«ghp_{_RANDOM}»",
        f"«github_pat_11{_RANDOM}»",
        f"«glpat-{_RANDOM[:20]}»",
        f"«xoxb-{'1234567890' * 2}-{_RANDOM[:24]}»",
        f"«sk_live_{_RANDOM[:24]}»",
        f"«AIza{_RANDOM}»",
        f"«sk-proj-{_RANDOM}»",
        f"«sk-ant-api03-{_RANDOM}»",
        f"«SK{_HEX}»",
        f"«SG.{_RANDOM[:22]}.{_RANDOM}»",
        f"«npm_{_RANDOM}»",
        f"«pypi-{_RANDOM * 2}»",
        f"«hf_{_RANDOM}»",
        f"«dop_v1_{_HEX * 2}»",
        f"«shpat_{_HEX}»",
        f"«123456789:AA{_RANDOM}»",
        f"_«gho_{_RANDOM}»",
    ],
    "api_key_context": [
        f"api_key = «{_RANDOM}»",
        f"x-api-key: «{_RANDOM}»",
        f"Authorization: Bearer «{_RANDOM}»",
        f'client_secret="«{_RANDOM}»"',
        f"my token is «{_RANDOM}».",
    ],
    "azure_key": [f"AccountName=x;AccountKey=«{_RANDOM}{_RANDOM}{_RANDOM[:14]}==»;"],
    "private_key": [
        "«-----BEGIN RSA PRIVATE" + f" KEY-----\n{_RANDOM}\n{_RANDOM}\n-----END RSA PRIVATE KEY-----»\nok",
        "«-----BEGIN PRIVATE" + f" KEY-----\n{_RANDOM}\n{_RANDOM}» and so on",
    ],
}

CLEAN: dict[str, tuple[str, ...]] = {
    "username": (
        "the username is required, your username was known, Nick era contento",
        "a handle is missing; user: unknown; login: yes",
    ),
    "handle": ("@Override @media @param, @ 5", "password: [PASSWORD] username: [USERNAME] @[USERNAME]"),
    "handle_reddit": ("a menu/u-turn, /u/ab, and u/x", "w/u/joe99"),
    "account_name": (
        "instagram stories, snap decision, facebook ads and Discord v2.1",
        "PayPal 2024, skype 8.105, twitter: great",
        "a Gmail account, youtube 4k and whatsapp-web",
    ),
    "skype": ("streamed live: tonight", "live:concert"),
    "password": (
        "your password is incorrect, the password is required, my password was reset",
        "Password: required. Password: ******** password=<secret> password=$password password: forgotten?",
        "password = getPassword(x), pwd=os.environ('PWD')",
    ),
    "password_beside": ("pass everyone, pass level3 and pass 20242025", "boarding pass AB-1234", "a password Reminder"),
    "pin": ("pin 12 and a 24-pin socket, spinning: 4821", "pinned 4821 of them"),
    "one_time_code": (
        "the verification code arrived late, 4821 of them",
        "OTP 4821.5 and otp 12",
        "security code for order 4821",
        "an otp of order number 395162",
    ),
    "code_is": ("the code is 12 lines; the code is 4821.7 kB", "the error code is 4821, the promo code: 20244"),
    "code_before": ("4821 is the error code", "395162 is our promo code", "4821 is the number of codes"),
    "aws_access_key": ("AKIA and AKIAIOSFODNN7EXAMPLEX", "AKIAiosfodnn7example"),
    "aws_secret_key": (f"secret key: {'a' * 40}", "the secret access key is kept in the vault"),
    "aws_secret_key_pair": (f"AKIA {_SECRET}", f"AKIAIOSFODNN7EXAMPLEX {_SECRET}"),
    "json_web_token": ("ey.ey.ey and eyJhbGci.x", "eyJub3BlIjoxfQ12.eyJzdWIiOiIxIn0.x"),
    "api_key": ("sk-learn, hf_x, npm_config, ghp_short, key-value", "xoxo-kisses, SG.1.2, glpat-short"),
    "api_key_context": (
        "the key is understanding, token: internationalization, secret: none",
        "the bearer of responsibilities",
    ),
    "azure_key": ("sig=short, AccountKey=none", f"sig={'a' * 44}"),
    "private_key": ("-----BEGIN PUBLIC" + " KEY-----", "a PRIVATE KEY is secret, BEGIN it"),
}
