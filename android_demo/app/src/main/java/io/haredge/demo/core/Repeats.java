package io.haredge.demo.core;

/** Counts readings that repeat for too long: the sensor is stuck, or at the end of its range. */
final class Repeats {
    private final long spanNs;
    private final int minSamples;
    private long startNs;
    private long length;
    private long counted;

    /** Counts the samples in repeats of one reading that last {@code spanNs} and have {@code minSamples} or more. */
    Repeats(long spanNs, int minSamples) {
        this.spanNs = spanNs;
        this.minSamples = minSamples;
    }

    /**
     * Adds a sample.
     *
     * @param same whether the reading equals the one before it
     * @return how many more samples belong to such repeats, including earlier samples of a repeat that has just become
     *     long enough
     */
    long push(long timeNs, boolean same) {
        if (!same) {
            startNs = timeNs;
            length = 1;
            counted = 0;
            return 0;
        }
        length++;
        if (timeNs - startNs < spanNs || length < minSamples) {
            return 0;
        }
        long found = length - counted;
        counted = length;
        return found;
    }
}
