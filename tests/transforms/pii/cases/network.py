"""Cases: texts with the find between « and », and near misses of each detector, left alone."""

FOUND = {
    "ipv4": ["from «192.168.0.1».", "«1.2.3.4»:8080", "«255.255.255.255»"],
    "ipv4_defanged": ["from «198[.]51[.]100[.]7»", "«198.51[.]100.7» was seen", "«198(dot)51(dot)100(dot)7»"],
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
    "mac_context": ["MAC address: «001a2b3c4d5f»", "bssid «0A1B2C3D4E5F»"],
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

CLEAN: dict[str, tuple[str, ...]] = {
    "ipv4": (
        "v10.0.1, 1.2.3.4.5, 256.1.1.1",
        "listening on 0.0.0.0",
        "firmware 2.0.14.9, version is 10.2.3.4, build: 6.1.7601.17",
        "see section 10.2.3.4 and § 4.1.2.3",
    ),
    "ipv4_defanged": ("256[.]1[.]1[.]7 and 0[.]0[.]0[.]0", "10[.]5 or 3[.]14[.]15", "a list [1][2][3][4]"),
    "ipv6": ("std::vector, a::b, Foo::Bar, :: and :::", "2001::25de::cade"),
    "mac": (
        "00:1A:2B:3C:4D:5E:6F, 12:30:45 and de:ad:be:ef, 1234.5678.9012",
        "0xdeadbeef 0a 1b 2c 3d 4e 5f, 00-1A-2B-3C-4D",
    ),
    "mac_context": ("a Mac of 2019, mac deadbeefcafe", "build 001a2b3c4d5f for my mac", "the mac runs 001a2b3c4d5f7"),
    "url": ("http://localhost/x, http://url_removed, www.nothing", "https:// is a prefix"),
    "domain": ("Socket.io runs", "e.g. this, i.e. that. end.Next, and/or", "ASP.NET, node.js, setup.py, file.txt"),
}
