package android.hardware;

import io.haredge.standins.Control;

public class SensorEvent {
    public final float[] values = new float[3];
    public Sensor sensor;
    public long timestamp;

    private SensorEvent() {}

    @Control
    public static SensorEvent of(Sensor sensor, long timeNs, float x, float y, float z) {
        SensorEvent event = new SensorEvent();
        event.sensor = sensor;
        event.timestamp = timeNs;
        event.values[0] = x;
        event.values[1] = y;
        event.values[2] = z;
        return event;
    }
}
