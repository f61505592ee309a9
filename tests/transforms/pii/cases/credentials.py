"""Cases: texts with the find between « and », and texts that are left alone.

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
    "pin": ["PIN: «4821»", "my pin number is «482193»", "código PIN «4821»", "pin «4821»."],
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

CLEAN = [
    "your password is incorrect, the password is required, my password was reset",
    "Password: required. Password: ******** password=<secret> password=$password password: forgotten?",
    "password = getPassword(x), pwd=os.environ('PWD')",
    "the username is required, your username was known, Nick era contento",
    "a handle is missing; user: unknown; login: yes",
    "@Override @media @param, @ 5",
    "pin 12 and a 24-pin socket, spinning: 4821",
    "AKIA and AKIAIOSFODNN7EXAMPLEX",
    "secret key: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ey.ey.ey and eyJhbGci.x and eyJub3BlIjoxfQ12.eyJzdWIiOiIxIn0.x",
    "the key is understanding, token: internationalization, secret: none",
    "sk-learn, hf_x, npm_config, ghp_short, key-value",
    "the bearer of responsibilities",
    "password: [PASSWORD] username: [USERNAME] @[USERNAME]",
]
