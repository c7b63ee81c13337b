package io.haredge.demo.core;

/** Why an activity is unknown. */
public enum Reason {
    /** The confidence is too low. */
    UNSURE,
    /** The signal is unlike all training data. */
    UNLIKE,
    /** Nobody seems to wear the phone. */
    NOT_WORN
}
