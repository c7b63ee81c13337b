package android.os;

import io.haredge.standins.Control;

public final class Looper {
    private static final Looper MAIN = new Looper();

    @Control
    public Looper() {}

    public static Looper getMainLooper() {
        return MAIN;
    }
}
