package android.content;

import android.content.pm.PackageManager;
import android.content.res.AssetManager;
import android.content.res.Resources;
import android.os.Looper;
import io.haredge.standins.Phone;
import java.io.File;

public class ContextWrapper extends Context {
    public ContextWrapper(Context base) {}

    @Override
    public AssetManager getAssets() {
        return new AssetManager();
    }

    @Override
    public Resources getResources() {
        return new Resources();
    }

    @Override
    public ContentResolver getContentResolver() {
        return new ContentResolver() {};
    }

    @Override
    public Looper getMainLooper() {
        return Looper.getMainLooper();
    }

    @Override
    public File getFilesDir() {
        return Phone.current().files;
    }

    @Override
    public SharedPreferences getSharedPreferences(String name, int mode) {
        return new io.haredge.standins.Preferences(name);
    }

    @Override
    public int checkSelfPermission(String permission) {
        return Phone.current().granted.contains(permission)
                ? PackageManager.PERMISSION_GRANTED : PackageManager.PERMISSION_DENIED;
    }

    @Override
    public void startActivity(Intent intent) {
        Phone.current().launched.add(intent);
    }

    @Override
    public ComponentName startService(Intent service) {
        return start(service, false);
    }

    @Override
    public ComponentName startForegroundService(Intent service) {
        return start(service, true);
    }

    @Override
    public Object getSystemService(String name) {
        return null;
    }

    private static ComponentName start(Intent service, boolean mustShow) {
        Phone.current().startService(service.target(), service, mustShow);
        return new ComponentName("io.haredge.demo", service.target());
    }
}
