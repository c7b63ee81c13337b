package io.haredge.demo.core;

/** Why an activity is unknown. */
public enum Reason {
    /** Too little confidence. */
    UNSURE,
    /** The signal is unlike all that the model was trained on. */
    UNLIKE,
    /** Nobody wears the phone. */
    NOT_WORN
}
