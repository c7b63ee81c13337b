"""All systems and encoders by their names in recipes. A new one is a module, a line here, its name in `recipe`, and a
recipe."""

from har_train.methods import (
    affar,
    cae,
    ccil,
    clusterclhar,
    cnn_har,
    cpc,
    csshar,
    csshar_simclr,
    ctbl,
    deepconvlstm,
    fedhar,
    gile,
    multi_task_ssl,
    protohar,
    tinierhar,
    tinyhar,
    tpn,
)
from har_train.methods.base import MakeEncoder, System

ENCODERS: dict[str, MakeEncoder] = {
    "affar": affar.AffarEncoder,
    "cae": cae.CaeEncoder,
    "cnn-har": cnn_har.CnnHarEncoder,
    "cpc": cpc.CpcEncoder,
    "csshar": csshar.CssharEncoder,
    "ctbl": ctbl.CtblEncoder,
    "deepconvlstm": deepconvlstm.DeepConvLSTMEncoder,
    "fedhar": fedhar.FedHarEncoder,
    "gile": gile.GileEncoder,
    "protohar": protohar.ProtoHarEncoder,
    "tinierhar": tinierhar.TinierHarEncoder,
    "tinyhar": tinyhar.TinyHarEncoder,
    "tpn": tpn.TpnEncoder,
}
"""Choices of `recipe.model.backbone` beside the two networks of Wang et al. 2017."""
SYSTEMS: dict[str, System] = {
    "affar": affar.SYSTEM,
    "cae": cae.SYSTEM,
    "ccil": ccil.SYSTEM,
    "clusterclhar": clusterclhar.SYSTEM,
    "cpc": cpc.SYSTEM,
    "csshar-simclr": csshar_simclr.SYSTEM,
    "csshar-supervised": csshar.SYSTEM,
    "ctbl": ctbl.SYSTEM,
    "deepconvlstm": deepconvlstm.SYSTEM,
    "fedhar": fedhar.SYSTEM,
    "gile": gile.SYSTEM,
    "gile-as-code": gile.AS_CODE,
    "multi-task-ssl": multi_task_ssl.SYSTEM,
    "protohar": protohar.SYSTEM,
}
"""The name of a system that has a loss of its own is a choice of `recipe.method`. Each has the recipes zoo-NAME, with
its authors' schedule, and zoo-NAME-budget, with the budget that all have."""
