package android.app;

import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.os.Bundle;
import android.view.ContextThemeWrapper;
import android.view.View;
import android.view.Window;
import io.haredge.standins.Control;
import io.haredge.standins.Phone;
import java.util.List;

public class Activity extends ContextThemeWrapper {
    public static final int RESULT_OK = -1;

    private View content;
    private final Window window = new Window(this) {};

    protected void onCreate(Bundle savedInstanceState) {}

    protected void onStart() {}

    protected void onStop() {}

    protected void onDestroy() {}

    protected void onActivityResult(int requestCode, int resultCode, Intent data) {}

    public void onRequestPermissionsResult(int requestCode, String[] permissions, int[] grantResults) {}

    public void setContentView(View view) {
        content = view;
    }

    public void setTitle(CharSequence title) {}

    public Window getWindow() {
        return window;
    }

    public void startActivityForResult(Intent intent, int requestCode) {
        if (Phone.current().fileChooserIsMissing) {
            throw new ActivityNotFoundException();
        }
        Phone.current().launched.add(intent);
    }

    public final void requestPermissions(String[] permissions, int requestCode) {
        Phone.current().asked.addAll(List.of(permissions));
        onRequestPermissionsResult(requestCode, permissions, new int[permissions.length]);
    }

    @Control
    public View content() {
        return content;
    }

    @Control
    public void driveCreate(Bundle state) {
        onCreate(state);
    }

    @Control
    public void driveStart() {
        onStart();
    }

    @Control
    public void driveStop() {
        onStop();
    }

    @Control
    public void driveDestroy() {
        onDestroy();
    }

    @Control
    public void driveResult(int requestCode, Intent data) {
        onActivityResult(requestCode, RESULT_OK, data);
    }
}
