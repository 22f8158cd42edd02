from django.contrib import admin

from shared_project.shop.models import (
    AuditLog,
    CartItem,
    Customer,
    Order,
    Product,
    Session,
    TempFile,
)


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "price", "category"]
    list_filter = ["category"]
    search_fields = ["name"]


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ["name", "email"]
    search_fields = ["name", "email"]


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "customer", "legacy_customer", "total", "status", "created_at"]
    list_filter = ["status"]
    list_select_related = ["customer"]
    raw_id_fields = ["customer", "receipt"]
    search_fields = ["number", "legacy_customer"]


@admin.register(AuditLog)
class AuditLogAdmin(admin.ModelAdmin):
    date_hierarchy = "created_at"
    list_display = ["created_at", "actor", "action"]
    search_fields = ["actor", "action"]


class CartItemInline(admin.TabularInline):
    model = CartItem
    extra = 0
    raw_id_fields = ["product"]


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):
    inlines = [CartItemInline]
    list_display = ["key", "last_activity"]
    search_fields = ["key"]


@admin.register(TempFile)
class TempFileAdmin(admin.ModelAdmin):
    list_display = ["file", "uploaded_at"]
