package android.hardware;

import android.os.Handler;
import io.haredge.standins.Control;
import io.haredge.standins.Phone;

public class SensorManager {
    @Control
    public SensorManager() {}

    public Sensor getDefaultSensor(int type) {
        return Phone.current().sensors.contains(type) ? Sensor.of(type) : null;
    }

    public boolean registerListener(SensorEventListener listener, Sensor sensor, int samplingPeriodUs,
            int maxReportLatencyUs) {
        return registerListener(listener, sensor, samplingPeriodUs, maxReportLatencyUs, null);
    }

    public boolean registerListener(SensorEventListener listener, Sensor sensor, int samplingPeriodUs,
            int maxReportLatencyUs, Handler handler) {
        return Phone.current().listen(listener, sensor);
    }

    public void unregisterListener(SensorEventListener listener) {
        Phone.current().stopListening(listener);
    }
}
