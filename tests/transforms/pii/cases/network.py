"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND = {
    "ipv4": ["from «192.168.0.1».", "«1.2.3.4»:8080", "«255.255.255.255»"],
    "ipv6": [
        "«2001:db8:85a3:0:0:8a2e:370:7334»",
        "«fe80::1»: yes",
        "«dead:beef::cafe»",
        "«::1»",
        "«2001:db8::»",
        "«fe80::1%eth0»",
        "(«::ffff:0:1»)",
    ],
    "url": [
        "see «http://example.com/a?b=c#d», ok",
        "(«https://user:secret@example.com:8080/x_(y»)",
        "Visit «www.example.com». Then",
        "«HTTPS://EXAMPLE.COM»!",
        "«ftp://example.org/file.txt»;",
    ],
    "domain": [
        "at «example.com».",
        '"«shop.example.co.uk»"',
        "«example.com/path»!",
        "«my-shop.museum/visit»",
        "...«example.org»",
    ],
}

CLEAN = [
    "v10.0.1, 1.2.3.4.5, 256.1.1.1",
    "std::vector, a::b, Foo::Bar, :: and :::",
    "e.g. this, i.e. that. end.Next sentence, and/or",
    "ASP.NET, node.js, setup.py, file.txt",
]
