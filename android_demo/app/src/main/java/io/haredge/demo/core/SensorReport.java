package io.haredge.demo.core;

/** What became of one sensor's samples. */
public final class SensorReport {
    public long received;
    /** Dropped: no number, or one that no sensor reads. */
    public long invalid;
    /** Dropped: the time of the newest sample again. */
    public long duplicate;
    /** Dropped: older than the newest sample. */
    public long outOfOrder;
    /** Dropped: a time ahead of the rest, from which the stream returned within half a second. */
    public long stray;
    /**
     * Dropped: more than a minute ahead of the other sensor, on a clock that the other has left, or in a stretch too
     * short or too slow to use.
     */
    public long unpaired;
    /** Times without samples for more than 0.1 s. */
    public long gaps;
    /** How often the sensor's clock was set back. */
    public long clockJumps;
    /** Samples, not dropped, whose axes all stayed the same for a second or more. */
    public long stuck;
    /** Readings of one axis, not dropped, that stayed the same at the end of its range. */
    public long fullScale;
    /** Rate of the newest stretch in Hz, over its first half second; NaN if it is not known yet. */
    public double rateHz = Double.NaN;

    /** Makes this report a copy of another. */
    void set(SensorReport other) {
        received = other.received;
        invalid = other.invalid;
        duplicate = other.duplicate;
        outOfOrder = other.outOfOrder;
        stray = other.stray;
        unpaired = other.unpaired;
        gaps = other.gaps;
        clockJumps = other.clockJumps;
        stuck = other.stuck;
        fullScale = other.fullScale;
        rateHz = other.rateHz;
    }
}
