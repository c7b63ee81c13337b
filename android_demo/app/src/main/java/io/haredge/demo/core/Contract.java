package io.haredge.demo.core;

import java.util.Map;

/**
 * The signal contract: the input of every haredge model, the same as in {@code har_runtime/contract.py}.
 *
 * <p>Acceleration in m/s^2 with gravity, angular rate in rad/s, axes as Android delivers them.
 */
public final class Contract {
    public static final int SAMPLE_RATE_HZ = 50;
    public static final long PERIOD_NS = 1_000_000_000L / SAMPLE_RATE_HZ;
    /** Samples in a window, one second. */
    public static final int WINDOW = 50;
    /** Samples between the starts of two windows. */
    public static final int HOP = 25;
    public static final long HOP_NS = HOP * PERIOD_NS;
    /** A longer gap between two samples ends a segment. Nothing is interpolated across it. */
    public static final long MAX_GAP_NS = 100_000_000L;
    public static final int MIN_RATE_HZ = 20;
    /** The frame of windows whose axes are those of the phone. */
    public static final String DEVICE = "device";
    /** What cards of haredge 0.1 call it. */
    public static final String DEVICE_OF_0_1 = "android";
    /** The frame of windows turned so that the wearer's up is +z. */
    public static final String UPRIGHT = "upright";

    private static final String[] CHANNELS = {"acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"};
    private static final String[] UNITS = {"m/s^2", "m/s^2", "m/s^2", "rad/s", "rad/s", "rad/s"};
    public static final int CHANNEL_COUNT = CHANNELS.length;

    private static final String[] PLACES = {"torso", "thigh", "wrist"};
    private static final Map<String, String> PLACE_OF = Map.of(
            "waist", "torso", "hip", "torso", "chest", "torso", "pocket", "thigh", "thigh", "thigh", "wrist", "wrist");

    private Contract() {}

    /** Names of the channels, in the order of a window's columns. */
    public static String[] channels() {
        return CHANNELS.clone();
    }

    /** Unit of each channel. */
    public static String[] units() {
        return UNITS.clone();
    }

    /** Parts of the body that a phone is worn on, as far as they differ in what they show of an activity. */
    public static String[] places() {
        return PLACES.clone();
    }

    /** The part of the body of a placement, e.g. thigh for pocket; the placement itself if it is unknown. */
    static String placeOf(String placement) {
        return PLACE_OF.getOrDefault(placement, placement);
    }
}
