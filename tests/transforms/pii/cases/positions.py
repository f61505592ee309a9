"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND = {
    "coordinates": [
        "we are at «48.20849, 16.37208» now",
        "GPS: «48.20849,16.37208»",
        "«-33.85678, 151.21530»",
        "located at «48.208, 16.372»",
    ],
    "coordinate_key": ['{"lat": «48.20849»}', "longitude=«16.37208»"],
    "coordinates_degrees": ["«48°12'30\"N 16°22'19\"E»", "«48.2085° N, 16.3721° E»", "«N 48° 12.508, E 16° 22.325»"],
    "what3words": ["at «///lamp.river.stone»", "«what3words: lamp.river.stone»"],
    "plus_code": ["«8FWR6995+9V»", "meet at «6995+9VX», Vienna".replace("6995+9VX", "6C95+9VX")],
}

CLEAN = {
    "coordinates": ("0.2507,0.3345", "0.1234, 0.5678", "1.2345, 2.3456, 3.4567", "95.12345, 200.12345"),
    "coordinate_key": ("lat: 48", "latency: 48.208", "flat 3.125"),
    "coordinates_degrees": ("at 37.5°C or 99°F", "turn 90° left", "180° N"),
    "what3words": ("see a///b", "one.two.three", "what3words is an app"),
    "plus_code": ("2+2 and 2222+22", "C++ and G++", "8FWR6995+9V+2"),
}
