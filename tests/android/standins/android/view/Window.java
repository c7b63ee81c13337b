package android.view;

import android.content.Context;

public abstract class Window {
    public Window(Context context) {}

    public void addFlags(int flags) {}
}
