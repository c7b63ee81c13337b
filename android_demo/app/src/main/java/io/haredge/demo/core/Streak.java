package io.haredge.demo.core;

/** Counts readings that repeat themselves for too long: a sensor that sticks, or one at the end of its range. */
final class Streak {
    private final long spanNs;
    private final int least;
    private long startNs;
    private long length;
    private long counted;

    /** Counts the samples of streaks of one reading that last {@code spanNs} and have {@code least} samples or more. */
    Streak(long spanNs, int least) {
        this.spanNs = spanNs;
        this.least = least;
    }

    /** Takes in a sample; returns how many more samples belong to such streaks, earlier ones of it included. */
    long add(long timeNs, boolean same) {
        if (!same) {
            startNs = timeNs;
            length = 1;
            counted = 0;
            return 0;
        }
        length++;
        if (timeNs - startNs < spanNs || length < least) {
            return 0;
        }
        long found = length - counted;
        counted = length;
        return found;
    }
}
