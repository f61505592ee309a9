"""What a lake keeps beside its tables: ledger, score cache, rate limit, spending, text claims, keys, who lives.

`protocols.py` says what each is held to, `open.py` alone knows which twin a lake has, and `local/` and `aws/` are the
twins. Arithmetic that twins share is in `steps.py`.
"""
