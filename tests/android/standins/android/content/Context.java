package android.content;

import android.content.res.AssetManager;
import android.content.res.Resources;
import android.os.Looper;
import io.haredge.standins.ResourceFiles;
import java.io.File;

public abstract class Context {
    public static final int MODE_PRIVATE = 0;

    public abstract AssetManager getAssets();

    public abstract Resources getResources();

    public abstract ContentResolver getContentResolver();

    public abstract Looper getMainLooper();

    public abstract File getFilesDir();

    public abstract SharedPreferences getSharedPreferences(String name, int mode);

    public abstract int checkSelfPermission(String permission);

    public abstract void startActivity(Intent intent);

    public abstract ComponentName startService(Intent service);

    public abstract ComponentName startForegroundService(Intent service);

    public abstract Object getSystemService(String name);

    public final <T> T getSystemService(Class<T> serviceClass) {
        try {
            return serviceClass.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException error) {
            throw new AssertionError(error);
        }
    }

    public final int getColor(int id) {
        return ResourceFiles.colour(id, getResources().isNight());
    }

    public final String getString(int resId) {
        return ResourceFiles.string(resId);
    }

    public final String getString(int resId, Object... formatArgs) {
        return String.format(ResourceFiles.string(resId), formatArgs);
    }
}
