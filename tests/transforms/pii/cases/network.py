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
    "mac": ["«00:1A:2B:3C:4D:5E»", "MAC «aa-bb-cc-dd-ee-ff».", "«0012.3456.789a»", "«01-23-45-67-89-AB»"],
    "url": [
        "see «http://example.com/a?b=c#d», ok",
        "(«https://user:secret@example.com:8080/x_(y»)",
        "Visit «www.example.com». Then",
        "«HTTPS://EXAMPLE.COM»!",
        "«ftp://example.org/file.txt»;",
        "«https://wa.me/12125550187»",
        "«http://joe:pw@localhost/x»",
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
    "2001::25de::cade",
    "e.g. this, i.e. that. end.Next sentence, and/or",
    "ASP.NET, node.js, setup.py, file.txt",
    "http://localhost/x, http://url_removed, www.nothing",
    "00:1A:2B:3C:4D:5E:6F, 12:30:45 and de:ad:be:ef, 1234.5678.9012",
    "0xdeadbeef 0a 1b 2c 3d 4e 5f, 00-1A-2B-3C-4D",
]
