"""The int8 calibration workbench: calibrate a network for ncnn, see what each decision does.

    import workbench as wb
    model  = wb.load_model("m.param", "m.bin")
    images = wb.ImageFolder("images/", shape=(224, 224, 3), mean=(104, 117, 123), norm=(1, 1, 1))
    stats  = wb.collect(model, images)
    plan   = wb.calibrate(model, stats, method="kl")
    wb.save_table(plan, "m.table")

The public names stand in `__init__.pyi`; each is imported when it is first used, so that
`import workbench` is quick and needs neither ncnn nor a notebook.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
