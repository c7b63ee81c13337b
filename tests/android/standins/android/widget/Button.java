package android.widget;

import android.content.Context;
import android.graphics.Canvas;
import android.graphics.Paint;
import io.haredge.standins.Control;

public class Button extends TextView {
    private static final int PADDING_DP = 8;
    private static final int ENABLED = 0xff0b6e99;
    private static final int DISABLED = 0xff9aa1a9;

    public Button(Context context) {
        super(context);
        int padding = Math.round(PADDING_DP * getResources().getDisplayMetrics().density);
        setPadding(padding, padding, padding, padding);
    }

    @Override
    protected void onDraw(Canvas canvas) {
        Paint fill = new Paint(Paint.ANTI_ALIAS_FLAG);
        fill.setColor(isEnabled() ? ENABLED : DISABLED);
        canvas.drawRect(2, 2, getWidth() - 2, getHeight() - 2, fill);
        setTextColor(0xffffffff);
        super.onDraw(canvas);
    }

    @Override
    @Control
    protected float startOf(String line) {
        return (getWidth() - paint.measureText(line)) / 2;
    }
}
