// What a model card holds: the entries of `har_runtime.model.card.ModelCard`.
// Made by `python -m har_export.web_tables` from har_runtime: change it there.

/** Of each entry: its kind, whether it may be null, and its value if it is missing; see `table.js`. */
export const CARD_FIELDS = {
  "name": {"kind": "text"},
  "version": {"kind": "text"},
  "labels": {"kind": "list", "of": {"kind": "text"}},
  "placement": {"kind": "text", "nullable": true},
  "temperature": {"kind": "number"},
  "training": {
    "kind": "table",
    "fields": {
      "recipe": {"kind": "text"},
      "data": {"kind": "text"},
      "licence": {"kind": "text"},
      "citation": {"kind": "text"},
      "seed": {"kind": "integer"},
      "trained_on": {"kind": "list", "of": {"kind": "text"}},
      "chosen_on": {"kind": "list", "of": {"kind": "text"}},
      "never_seen": {"kind": "list", "of": {"kind": "text"}},
      "version": {"kind": "text"},
      "commit": {"kind": "text", "nullable": true, "missing": null}
    }
  },
  "scores": {
    "kind": "map",
    "of": {
      "kind": "table",
      "fields": {
        "macro_f1": {"kind": "number"},
        "accuracy": {"kind": "number"},
        "windows": {"kind": "integer"}
      }
    }
  },
  "sample_rate_hz": {"kind": "integer", "missing": 50},
  "window": {"kind": "integer", "missing": 50},
  "hop": {"kind": "integer", "missing": 25},
  "channels": {
    "kind": "list",
    "of": {"kind": "text"},
    "missing": ["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]
  },
  "units": {
    "kind": "list",
    "of": {"kind": "text"},
    "missing": ["m/s^2", "m/s^2", "m/s^2", "rad/s", "rad/s", "rad/s"]
  },
  "frame": {"kind": "text", "missing": "device"},
  "gyroscope": {"kind": "text", "missing": "required"},
  "places": {"kind": "list", "of": {"kind": "text"}, "missing": []},
  "place_filter": {
    "kind": "table",
    "fields": {"change": {"kind": "number"}, "evidence": {"kind": "number"}},
    "nullable": true,
    "missing": null
  },
  "families": {"kind": "map", "of": {"kind": "list", "of": {"kind": "text"}}, "missing": {}},
  "smoothing": {
    "kind": "table",
    "fields": {
      "transitions": {"kind": "list", "of": {"kind": "list", "of": {"kind": "number"}}},
      "prior": {"kind": "list", "of": {"kind": "number"}},
      "evidence": {"kind": "number"}
    },
    "nullable": true,
    "missing": null
  },
  "rejection": {
    "kind": "table",
    "fields": {
      "confidence": {"kind": "number"},
      "raw_confidence": {"kind": "number"},
      "distance": {"kind": "number"},
      "means": {"kind": "list", "of": {"kind": "list", "of": {"kind": "number"}}},
      "whitening": {"kind": "list", "of": {"kind": "list", "of": {"kind": "number"}}}
    },
    "nullable": true,
    "missing": null
  },
  "gravity": {"kind": "list", "of": {"kind": "number"}, "length": 3, "nullable": true, "missing": null},
  "quantised_ends": {
    "kind": "table",
    "fields": {
      "scale": {"kind": "list", "of": {"kind": "number"}},
      "offset": {"kind": "list", "of": {"kind": "number"}}
    },
    "nullable": true,
    "missing": null
  },
  "prototypes": {
    "kind": "table",
    "fields": {
      "whitening": {"kind": "list", "of": {"kind": "number"}},
      "prior_weight": {"kind": "number"},
      "sharpness": {"kind": "number"},
      "network_share": {"kind": "number"},
      "known": {
        "kind": "list",
        "of": {
          "kind": "table",
          "fields": {
            "label": {"kind": "text"},
            "place": {"kind": "text", "nullable": true},
            "mean": {"kind": "list", "of": {"kind": "number"}},
            "windows": {"kind": "integer"}
          }
        }
      }
    },
    "nullable": true,
    "missing": null
  },
  "sha256": {"kind": "text", "nullable": true, "missing": null}
};
