package android.hardware;

import io.haredge.standins.Control;

public final class Sensor {
    public static final int TYPE_ACCELEROMETER = 1;
    public static final int TYPE_GYROSCOPE = 4;

    private final int type;

    private Sensor(int type) {
        this.type = type;
    }

    public int getType() {
        return type;
    }

    @Control
    public static Sensor of(int type) {
        return new Sensor(type);
    }
}
