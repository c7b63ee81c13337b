package io.haredge.demo;

import android.content.Context;
import android.graphics.Canvas;
import android.graphics.Paint;
import android.view.View;

/** A view with a lane for each activity: its name on the left, what is drawn of it on the right. */
abstract class Lanes extends View {
    private static final int LANE_DP = 22;
    private static final int GAP_DP = 10;
    private static final float TEXT_SP = 13;
    private static final int[] COLOURS = {
        R.color.activity_0, R.color.activity_1, R.color.activity_2,
        R.color.activity_3, R.color.activity_4, R.color.activity_5
    };

    protected final Paint text = new Paint(Paint.ANTI_ALIAS_FLAG);
    protected final Paint fill = new Paint(Paint.ANTI_ALIAS_FLAG);
    protected final float density;
    private final float scaledDensity;
    private String[] names = new String[0];

    Lanes(Context context) {
        super(context);
        density = getResources().getDisplayMetrics().density;
        scaledDensity = density * getResources().getConfiguration().fontScale;
        text.setTextSize(TEXT_SP * scaledDensity);
        text.setColor(context.getColor(R.color.text));
    }

    /** Names of the lanes, from the top. */
    void setNames(String[] names) {
        this.names = names.clone();
        requestLayout();
    }

    @Override
    protected void onMeasure(int widthMeasureSpec, int heightMeasureSpec) {
        int height = Math.round(names.length * laneHeight() + footHeight());
        setMeasuredDimension(MeasureSpec.getSize(widthMeasureSpec), resolveSize(height, heightMeasureSpec));
    }

    @Override
    protected void onDraw(Canvas canvas) {
        float left = 0;
        for (String name : names) {
            left = Math.max(left, text.measureText(name));
        }
        left += GAP_DP * density;
        for (int lane = 0; lane < names.length; lane++) {
            float top = lane * laneHeight();
            text.setColor(getContext().getColor(R.color.text));
            canvas.drawText(names[lane], 0, top + 0.7f * laneHeight(), text);
            drawLane(canvas, lane, left, top + 0.15f * laneHeight(), getWidth(), top + 0.85f * laneHeight());
        }
        drawFoot(canvas, left, names.length * laneHeight(), getWidth());
    }

    /** Draws what there is of an activity into a box. */
    abstract void drawLane(Canvas canvas, int lane, float left, float top, float right, float bottom);

    /** Draws what is below all lanes. */
    void drawFoot(Canvas canvas, float left, float top, float right) {}

    /** Height of it, in pixels. */
    float footHeight() {
        return 0;
    }

    float laneHeight() {
        return LANE_DP * scaledDensity;
    }

    /** The colour of an activity. */
    int colour(int lane) {
        return getContext().getColor(COLOURS[lane % COLOURS.length]);
    }
}
