package android.content.res;

import android.util.DisplayMetrics;
import io.haredge.standins.Control;
import io.haredge.standins.Phone;

public class Resources {
    @Control
    public Resources() {}

    public DisplayMetrics getDisplayMetrics() {
        DisplayMetrics metrics = new DisplayMetrics();
        metrics.density = Phone.current().density;
        return metrics;
    }

    public Configuration getConfiguration() {
        Configuration configuration = new Configuration();
        configuration.orientation = Phone.current().landscape
                ? Configuration.ORIENTATION_LANDSCAPE : Configuration.ORIENTATION_PORTRAIT;
        return configuration;
    }

    @Control
    public boolean isNight() {
        return Phone.current().night;
    }
}
