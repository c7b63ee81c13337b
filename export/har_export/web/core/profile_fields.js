// What a person's profile holds: the entries of `har_runtime.personal.profile.Profile`.
// Made by `python -m har_export.web_tables` from har_runtime: change it there.

/** Of each entry: its kind, whether it may be null, and its value if it is missing; see `table.js`. */
export const PROFILE_FIELDS = {
  "format": {"kind": "text"},
  "model": {"kind": "text"},
  "sha256": {"kind": "text", "nullable": true},
  "learnt": {
    "kind": "list",
    "of": {
      "kind": "table",
      "fields": {
        "label": {"kind": "text"},
        "place": {"kind": "text", "nullable": true},
        "windows": {"kind": "integer"},
        "mean": {"kind": "list", "of": {"kind": "number"}},
        "source": {"kind": "text"},
        "unix_s": {"kind": "number"},
        "group": {
          "kind": "table",
          "fields": {
            "mean": {"kind": "list", "of": {"kind": "number"}},
            "whitening": {"kind": "list", "of": {"kind": "number"}}
          },
          "nullable": true,
          "missing": null
        }
      }
    }
  },
  "still": {
    "kind": "table",
    "fields": {"up": {"kind": "list", "of": {"kind": "number"}, "length": 3}, "axes": {"kind": "text"}},
    "nullable": true,
    "missing": null
  }
};
