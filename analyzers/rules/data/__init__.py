"""Rules of the area data; the registry is ``analyzers.rules.REGISTRY``."""
