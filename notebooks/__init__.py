"""The notebooks, as scripts in cells: `aurastream notebook` opens them, `make notebooks` renders them."""
