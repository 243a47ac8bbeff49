"""Records that the parts of cgbridge exchange: frozen, in nm, ps, kJ/mol, amu, K, bar."""
