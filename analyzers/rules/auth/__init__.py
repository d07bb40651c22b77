"""Rules of the area auth; the registry is ``analyzers.rules.REGISTRY``."""
