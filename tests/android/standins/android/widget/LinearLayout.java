package android.widget;

import android.content.Context;
import android.view.View;
import android.view.ViewGroup;

public class LinearLayout extends ViewGroup {
    public static final int HORIZONTAL = 0;
    public static final int VERTICAL = 1;

    private int orientation;

    public LinearLayout(Context context) {
        super(context);
    }

    public static class LayoutParams extends ViewGroup.MarginLayoutParams {
        public float weight;

        public LayoutParams(int width, int height) {
            super(width, height);
        }

        public LayoutParams(int width, int height, float weight) {
            super(width, height);
            this.weight = weight;
        }
    }

    public void setOrientation(int orientation) {
        this.orientation = orientation;
    }

    public void setGravity(int gravity) {}

    public void setBaselineAligned(boolean baselineAligned) {}

    @Override
    protected LayoutParams generateDefaultLayoutParams() {
        return new LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT);
    }

    @Override
    protected void onMeasure(int widthMeasureSpec, int heightMeasureSpec) {
        int inside = MeasureSpec.getSize(widthMeasureSpec) - getPaddingLeft() - getPaddingRight();
        float weights = 0;
        for (int index = 0; index < getChildCount(); index++) {
            weights += ((LayoutParams) getChildAt(index).getLayoutParams()).weight;
        }
        int height = 0;
        for (int index = 0; index < getChildCount(); index++) {
            View child = getChildAt(index);
            LayoutParams params = (LayoutParams) child.getLayoutParams();
            int room = orientation == HORIZONTAL ? Math.round(inside * params.weight / weights) : inside;
            int width = room - params.leftMargin - params.rightMargin;
            child.measure(MeasureSpec.makeMeasureSpec(width, MeasureSpec.EXACTLY), MeasureSpec.UNSPECIFIED);
            int needed = child.getVisibility() == GONE
                    ? 0 : child.getMeasuredHeight() + params.topMargin + params.bottomMargin;
            height = orientation == HORIZONTAL ? Math.max(height, needed) : height + needed;
        }
        setMeasuredDimension(MeasureSpec.getSize(widthMeasureSpec), height + getPaddingTop() + getPaddingBottom());
    }

    @Override
    protected void onLayout(boolean changed, int l, int t, int r, int b) {
        int x = getPaddingLeft();
        int y = getPaddingTop();
        for (int index = 0; index < getChildCount(); index++) {
            View child = getChildAt(index);
            if (child.getVisibility() == GONE) {
                continue;
            }
            LayoutParams params = (LayoutParams) child.getLayoutParams();
            int left = x + params.leftMargin;
            int top = y + params.topMargin;
            child.layout(left, top, left + child.getMeasuredWidth(), top + child.getMeasuredHeight());
            if (orientation == HORIZONTAL) {
                x = left + child.getMeasuredWidth() + params.rightMargin;
            } else {
                y = top + child.getMeasuredHeight() + params.bottomMargin;
            }
        }
    }
}
