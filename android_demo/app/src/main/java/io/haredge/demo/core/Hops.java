package io.haredge.demo.core;

/** Counts the hops from each window to the next. */
final class Hops {
    private static final int MAX = 120;

    private boolean started;
    private long previousEndNs;

    /** Hops since the window before, 1 to 120; 1 for the first window and if the clock was set back. */
    int step(long endNs) {
        double hops = started ? Math.rint((double) (endNs - previousEndNs) / Contract.HOP_NS) : 1;
        started = true;
        previousEndNs = endNs;
        return (int) Math.max(1, Math.min(MAX, hops));
    }
}
