package io.haredge.demo.core;

/** What may be wrong with the sensors, the most serious first. */
public enum Trouble {
    NO_SAMPLES,
    TOO_SLOW,
    INVALID,
    CLOCK_JUMP,
    FULL_SCALE,
    STUCK,
    GAPS,
    NONE
}
