package io.haredge.demo.core;

/**
 * One side of a Hann-windowed sinc of 0.1 s, tabulated every 50 us: passes up to 14 Hz, stops from 30 Hz on.
 *
 * <p>The table and its use follow {@code har_runtime/signal/stretch.py} operation by operation.
 */
final class AntiAlias {
    static final long HALF_WIDTH_NS = 100_000_000L;
    private static final double CUTOFF_HZ = 22.0;
    private static final long STEP_NS = 50_000L;
    private static final double[] KERNEL = kernel();
    private static final double[] RISE = rise();

    private AntiAlias() {}

    /** The kernel at a distance of 0 to 0.1 s. */
    static double at(long distanceNs) {
        int cell = (int) (distanceNs / STEP_NS);
        double part = (double) (distanceNs - cell * STEP_NS) / STEP_NS;
        return KERNEL[cell] + RISE[cell] * part;
    }

    private static double[] kernel() {
        double[] values = new double[(int) (HALF_WIDTH_NS / STEP_NS) + 2];
        for (int index = 0; index < values.length; index++) {
            long offset = index * STEP_NS;
            double hann = 0.5 + 0.5 * StrictMath.cos(Math.PI * Math.min((double) offset / HALF_WIDTH_NS, 1.0));
            double phase = Math.PI * (2 * CUTOFF_HZ * offset * 1e-9);
            values[index] = (phase == 0.0 ? 1.0 : StrictMath.sin(phase) / phase) * hann;
        }
        return values;
    }

    private static double[] rise() {
        double[] values = new double[KERNEL.length - 1];
        for (int index = 0; index < values.length; index++) {
            values[index] = KERNEL[index + 1] - KERNEL[index];
        }
        return values;
    }
}
