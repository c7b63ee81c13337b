package android.view;

import android.content.Context;
import android.content.res.Resources;
import android.graphics.Canvas;
import io.haredge.standins.Control;

public class View {
    public static final int NO_ID = -1;
    public static final int VISIBLE = 0;
    public static final int GONE = 8;
    public static final int ACCESSIBILITY_LIVE_REGION_POLITE = 1;

    private static int generated;

    private int id = NO_ID;
    private int paddingLeft;
    private int paddingTop;
    private int paddingRight;
    private int paddingBottom;
    private final Context context;
    private ViewGroup.LayoutParams layoutParams;
    private OnClickListener onClick;
    private CharSequence contentDescription;
    private boolean enabled = true;
    private int visibility;
    private int measuredWidth;
    private int measuredHeight;
    private int left;
    private int top;
    private int width;
    private int height;

    public View(Context context) {
        this.context = context;
    }

    public interface OnClickListener {
        void onClick(View v);
    }

    public static class MeasureSpec {
        public static final int UNSPECIFIED = 0;
        public static final int EXACTLY = 1 << 30;
        public static final int AT_MOST = 2 << 30;

        public static int makeMeasureSpec(int size, int mode) {
            return size | mode;
        }

        public static int getMode(int measureSpec) {
            return measureSpec & (3 << 30);
        }

        public static int getSize(int measureSpec) {
            return measureSpec & ~(3 << 30);
        }
    }

    public static int generateViewId() {
        return ++generated;
    }

    public void setId(int id) {
        this.id = id;
    }

    public int getId() {
        return id;
    }

    public final Context getContext() {
        return context;
    }

    public Resources getResources() {
        return context.getResources();
    }

    public void setOnClickListener(OnClickListener l) {
        onClick = l;
    }

    public boolean performClick() {
        onClick.onClick(this);
        return true;
    }

    public void setContentDescription(CharSequence contentDescription) {
        this.contentDescription = contentDescription;
    }

    public CharSequence getContentDescription() {
        return contentDescription;
    }

    public void setAccessibilityLiveRegion(int mode) {}

    public void setAccessibilityHeading(boolean isHeading) {}

    public void setEnabled(boolean enabled) {
        this.enabled = enabled;
    }

    public boolean isEnabled() {
        return enabled;
    }

    public void setVisibility(int visibility) {
        this.visibility = visibility;
    }

    public int getVisibility() {
        return visibility;
    }

    public void setPadding(int left, int top, int right, int bottom) {
        paddingLeft = left;
        paddingTop = top;
        paddingRight = right;
        paddingBottom = bottom;
    }

    public int getPaddingLeft() {
        return paddingLeft;
    }

    public int getPaddingTop() {
        return paddingTop;
    }

    public int getPaddingRight() {
        return paddingRight;
    }

    public int getPaddingBottom() {
        return paddingBottom;
    }

    public void setFitsSystemWindows(boolean fitSystemWindows) {}

    public ViewGroup.LayoutParams getLayoutParams() {
        return layoutParams;
    }

    public void setLayoutParams(ViewGroup.LayoutParams params) {
        layoutParams = params;
    }

    public void requestLayout() {}

    public void invalidate() {}

    public final void measure(int widthMeasureSpec, int heightMeasureSpec) {
        onMeasure(widthMeasureSpec, heightMeasureSpec);
    }

    public void layout(int l, int t, int r, int b) {
        left = l;
        top = t;
        width = r - l;
        height = b - t;
        onLayout(true, l, t, r, b);
    }

    public void draw(Canvas canvas) {
        onDraw(canvas);
        dispatchDraw(canvas);
    }

    protected void onMeasure(int widthMeasureSpec, int heightMeasureSpec) {
        setMeasuredDimension(MeasureSpec.getSize(widthMeasureSpec), resolveSize(0, heightMeasureSpec));
    }

    protected void onLayout(boolean changed, int left, int top, int right, int bottom) {}

    protected void onDraw(Canvas canvas) {}

    protected void dispatchDraw(Canvas canvas) {}

    protected final void setMeasuredDimension(int measuredWidth, int measuredHeight) {
        this.measuredWidth = measuredWidth;
        this.measuredHeight = measuredHeight;
    }

    public static int resolveSize(int size, int measureSpec) {
        switch (MeasureSpec.getMode(measureSpec)) {
            case MeasureSpec.EXACTLY:
                return MeasureSpec.getSize(measureSpec);
            case MeasureSpec.AT_MOST:
                return Math.min(size, MeasureSpec.getSize(measureSpec));
            default:
                return size;
        }
    }

    public final int getMeasuredWidth() {
        return measuredWidth;
    }

    public final int getMeasuredHeight() {
        return measuredHeight;
    }

    public final int getLeft() {
        return left;
    }

    public final int getTop() {
        return top;
    }

    public final int getWidth() {
        return width;
    }

    public final int getHeight() {
        return height;
    }

    @Control
    public void place(int width) {
        measure(MeasureSpec.makeMeasureSpec(width, MeasureSpec.EXACTLY), MeasureSpec.UNSPECIFIED);
        layout(0, 0, width, getMeasuredHeight());
    }
}
