package io.haredge.demo.core;

/** Which way is up for the wearer, as seen from the phone: a unit vector in the phone's axes. */
public final class Up {
    /** How the direction is known. */
    public enum Found {
        /** It is the window's own gravity, which says nothing about posture. */
        WINDOW,
        /** From the wearer's gait. */
        GAIT,
        /** From outside. */
        GIVEN
    }

    public final double x;
    public final double y;
    public final double z;
    public final Found found;

    public Up(double x, double y, double z, Found found) {
        this.x = x;
        this.y = y;
        this.z = z;
        this.found = found;
    }

    /** Whether standing, sitting and lying differ in windows turned by it. */
    public boolean showsPosture() {
        return found != Found.WINDOW;
    }
}
