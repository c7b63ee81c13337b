package android.os;

public class Build {
    public static final String MODEL = "stand-in";
    public static final String HARDWARE = "none";
    public static final String SOC_MODEL = "none";
    public static final String[] SUPPORTED_ABIS = {"arm64-v8a"};

    public static class VERSION {
        public static int SDK_INT = VERSION_CODES.BAKLAVA;
        public static final String RELEASE = "16";
    }

    public static class VERSION_CODES {
        public static final int P = 28;
        public static final int S = 31;
        public static final int TIRAMISU = 33;
        public static final int UPSIDE_DOWN_CAKE = 34;
        public static final int BAKLAVA = 36;
    }
}
