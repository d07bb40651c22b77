"""Rules of the area ops; the registry is ``analyzers.rules.REGISTRY``."""
