package android.graphics;

import io.haredge.standins.Control;

public class Typeface {
    public static final Typeface DEFAULT_BOLD = new Typeface();

    @Control
    public Typeface() {}
}
